"""Bring a copied `keys.db` up to what was decided after it was copied, while nobody uses it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stenolog.stores.sqlite.file.connection import open_writer, store_errors, truncate_wal
from stenolog.stores.sqlite.keys.data_keys import destroy
from stenolog.stores.sqlite.keys.schema import KEYS

STREAMS_PER_READ = 500


def destroyed_streams(path: Path) -> Iterator[Sequence[str]]:
    """Yield the streams whose keys were destroyed, some hundred at a time, in order.

    Raises:
        StoreUnavailable: The file cannot be read.
    """
    with (
        store_errors(KEYS.name),
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection,
    ):
        after = ""
        while rows := connection.execute(
            "SELECT stream FROM destroyed WHERE stream > ? ORDER BY stream LIMIT ?",
            (after, STREAMS_PER_READ),
        ).fetchall():
            streams = [str(row[0]) for row in rows]
            yield streams
            after = streams[-1]


def tenants_of_api_keys(path: Path, key_ids: Sequence[str]) -> Mapping[str, str]:
    """Return the tenant's id for each of these API keys that is in the file and not revoked.

    Raises:
        StoreUnavailable: The file cannot be read.
    """
    found: dict[str, str] = {}
    with (
        store_errors(KEYS.name),
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection,
    ):
        for key_id in key_ids:
            row = connection.execute(
                "SELECT tenant FROM api_keys WHERE id = ? AND revoked_at IS NULL", (key_id,)
            ).fetchone()
            if row is not None:
                found[key_id] = str(row[0])
    return found


def carry_out(path: Path, *, destroyed: Sequence[str], revoked: Mapping[str, str]) -> None:
    """Destroy the keys of these streams and revoke these API keys, in one transaction.

    What is destroyed is overwritten, in the WAL too. The last key that may manage keys is revoked
    like any other: `stenolog keys create` makes one.

    Args:
        path: The file.
        destroyed: Streams.
        revoked: The id of each API key, and since when it is refused.

    Raises:
        StoreUnavailable: It could not be written.
    """
    with contextlib.closing(open_writer(path, KEYS)) as connection:
        with store_errors(KEYS.name):
            connection.execute("BEGIN IMMEDIATE")
            for stream in destroyed:
                destroy(connection, stream)
            # The log beside it ends elsewhere now: the next start compares all of it.
            connection.execute("UPDATE high_water SET position = 0")
            for key_id, at in revoked.items():
                connection.execute(
                    "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
                    (at, key_id),
                )
            connection.execute("COMMIT")
        truncate_wal(connection, KEYS.name)
