"""Bring a copied `keys.db` up to what was decided after it was copied, while nobody uses it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from stenolog.log.events.api_keys import API_KEY
from stenolog.stores.sqlite.file.connection import (
    open_reader_sync,
    open_writer,
    store_errors,
    truncate_wal,
)
from stenolog.stores.sqlite.file.transaction import transaction
from stenolog.stores.sqlite.keys.data_keys import destroy
from stenolog.stores.sqlite.keys.schema import KEYS

STREAMS_PER_READ = 500

_GONE = (
    "SELECT stream FROM destroyed WHERE stream > ? "
    "UNION SELECT ? || id FROM api_keys WHERE revoked_at IS NOT NULL AND ? || id > ? "
    "ORDER BY 1 LIMIT ?"
)

_API_KEYS = "SELECT id FROM api_keys WHERE id > ? ORDER BY 1 LIMIT ?"


def gone_streams(path: Path, *, alone: bool = False) -> Iterator[Sequence[str]]:
    """Yield the streams whose keys were destroyed, and those of API keys that were revoked.

    Some hundred at a time, in order. `alone`: nobody else has the file open.

    Raises:
        StoreUnavailable: The file cannot be read.
    """
    with (
        store_errors(KEYS.name),
        contextlib.closing(open_reader_sync(path, KEYS.name, alone=alone)) as connection,
    ):
        after = ""
        while rows := connection.execute(
            _GONE, (after, API_KEY, API_KEY, after, STREAMS_PER_READ)
        ).fetchall():
            streams = [str(row[0]) for row in rows]
            yield streams
            after = streams[-1]


def streams_of_api_keys(path: Path) -> Iterator[Sequence[str]]:
    """Yield the streams of all API keys, some hundred at a time, in order.

    Raises:
        StoreUnavailable: The file cannot be read.
    """
    with (
        store_errors(KEYS.name),
        contextlib.closing(open_reader_sync(path, KEYS.name)) as connection,
    ):
        after = ""
        while rows := connection.execute(_API_KEYS, (after, STREAMS_PER_READ)).fetchall():
            yield [f"{API_KEY}{identifier}" for (identifier,) in rows]
            after = str(rows[-1][0])


def remove_api_keys(path: Path, streams: Collection[str]) -> None:
    """Remove these API keys, in one transaction: they were made after the log was copied.

    Raises:
        StoreUnavailable: It could not be written.
    """
    with (
        contextlib.closing(open_writer(path, KEYS)) as connection,
        store_errors(KEYS.name),
        transaction(connection),
    ):
        for stream in streams:
            identifier = stream.removeprefix(API_KEY)
            connection.execute("DELETE FROM api_keys WHERE id = ?", (identifier,))


def tenants_of_api_keys(path: Path, streams: Collection[str]) -> Mapping[str, str]:
    """Return the tenant's id for each of these that is of an API key in the file.

    Raises:
        StoreUnavailable: The file cannot be read.
    """
    found: dict[str, str] = {}
    with (
        store_errors(KEYS.name),
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection,
    ):
        for stream in streams:
            row = connection.execute(
                "SELECT tenant FROM api_keys WHERE id = ?", (stream.removeprefix(API_KEY),)
            ).fetchone()
            if row is not None:
                found[stream] = str(row[0])
    return found


@contextlib.contextmanager
def destroyed_in(path: Path) -> Iterator[Callable[[str], bool]]:
    """Give what tells of a stream whether its key was destroyed.

    Raises:
        StoreUnavailable: The file cannot be read.
    """
    with (
        store_errors(KEYS.name),
        contextlib.closing(open_reader_sync(path, KEYS.name)) as connection,
    ):

        def is_destroyed(stream: str) -> bool:
            row = connection.execute("SELECT 1 FROM destroyed WHERE stream = ?", (stream,))
            return row.fetchone() is not None

        yield is_destroyed


def carry_out(path: Path, gone: Sequence[str], revoked_at: str) -> None:
    """Destroy the keys of these streams and revoke these API keys, in one transaction.

    What is destroyed is overwritten, in the WAL too. What the file never had is noted too: a backup
    that has it may be restored next. The last key that may manage keys is revoked like any other:
    `stenolog keys create` makes one.

    Args:
        path: The file.
        gone: Streams.
        revoked_at: Since when the API keys among them are refused.

    Raises:
        StoreUnavailable: It could not be written.
    """
    with contextlib.closing(open_writer(path, KEYS)) as connection:
        with store_errors(KEYS.name), transaction(connection):
            for stream in gone:
                destroy(connection, stream)
                if stream.startswith(API_KEY):
                    connection.execute(
                        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
                        (revoked_at, stream.removeprefix(API_KEY)),
                    )
            # The log beside it ends elsewhere now: the next start compares all of it.
            connection.execute("UPDATE high_water SET position = 0")
        truncate_wal(connection, KEYS.name)
