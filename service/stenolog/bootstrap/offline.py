"""Open what a data directory keeps, for commands, mostly while no service runs on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from stenolog.bootstrap.identity import CHECK, key_ring, open_master_key
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.bootstrap.tree_heads import open_heads
from stenolog.clock import now_ms
from stenolog.commands.api_keys import ApiKeys
from stenolog.commands.key_ring import KeyRing
from stenolog.compliance.browsing import BrowsableRecords
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.lost_files import (
    refuse_lost_keys,
    refuse_lost_log,
    refuse_older_log,
)
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.vault import Vault
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart, StoreUnavailable
from stenolog.log.checkpoint import BEGINNING, Checkpoint
from stenolog.log.format import LogIdentity
from stenolog.log.recorder import FactRecorder, NoSealer
from stenolog.projections.run.projector import Projector
from stenolog.projections.views import ViewReader
from stenolog.stores.files.directory import KEYS, LOG, VIEWS, WORK, locked
from stenolog.stores.files.swap import refuse_half_restored
from stenolog.stores.sqlite.browsing import SqliteBrowser
from stenolog.stores.sqlite.file.connection import Library, library
from stenolog.stores.sqlite.followed import followed_by
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.views.store import SqliteViews


@contextlib.asynccontextmanager
async def open_keys(settings: Settings) -> AsyncIterator[tuple[ApiKeys, KeyRing]]:
    """Open the API keys, and what makes and revokes them, with the directory locked.

    Raises:
        DataDirectoryLocked: A gateway runs on it after all.
        CannotStart: `log.db` or `keys.db` was lost, the log does not continue its last tree head or
            has not what was read of it, or the files do not belong together.
        StoreUnavailable: A file cannot be opened.
    """
    async with _keys_and_log(settings) as (keys, log):
        # Events of keys have no payload, so the master key need not be here.
        yield keys, await key_ring(keys, log, FactRecorder(log, NoSealer()))


@contextlib.asynccontextmanager
async def open_projector(settings: Settings) -> AsyncIterator[tuple[Projector, ViewReader]]:
    """Open a projector and its views, with the directory locked.

    Raises:
        DataDirectoryLocked: A gateway runs on it after all.
        CannotStart: The master key is not here; else as `open_keys`.
        StoreUnavailable: A file cannot be opened.
    """
    _refuse_no_log(settings)
    async with contextlib.AsyncExitStack() as stack:
        keys, log = await stack.enter_async_context(_keys_and_log(settings))
        marked = bool(await keys.secrets(CHECK))
        await refuse_lost_keys(log, keys_marked=marked, keys_file=KEYS, log_file=LOG)
        secret, _ = await open_master_key(settings, keys)
        vault = Vault(MasterKey(secret), keys, log.sealings)
        views = await SqliteViews.open(settings.data_dir / VIEWS, vault, log.identity)
        stack.push_async_callback(views.close)
        projector = Projector(
            log_store=log,
            sealer=vault,
            views=views,
            projections=PROJECTIONS,
            histories=log.histories,
            now_ms=now_ms,
        )
        stack.push_async_callback(projector.close)
        yield projector, views


@contextlib.asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[SqliteLog]:
    """Open the log to write to it, with the directory locked.

    Raises:
        DataDirectoryLocked: A gateway runs on it after all.
        CannotStart: There is no log; else as `open_keys`.
        StoreUnavailable: A file cannot be opened.
    """
    _refuse_no_log(settings)
    async with _keys_and_log(settings) as (_, log):
        yield log


@contextlib.contextmanager
def open_records(settings: Settings) -> Iterator[BrowsableRecords]:
    """Open the log's files to be read as they are, whether or not a service runs.

    Raises:
        SchemaTooNew: A newer Stenolog wrote them.
        StoreUnavailable: They cannot be opened.
    """
    with contextlib.closing(_sqlite_records(settings)) as records:
        yield records


def master_key_mark(settings: Settings) -> bytes | None:
    """Return what this directory's master key has wrapped as its own mark; None without one.

    Raises:
        StoreError: The files cannot be read.
    """
    with contextlib.closing(_sqlite_records(settings)) as records:
        return records.secret(CHECK, 1)


def database_library() -> Library:
    """Say which library reads and writes the files."""
    return library()


@contextlib.asynccontextmanager
async def _keys_and_log(settings: Settings) -> AsyncIterator[tuple[SqliteKeys, SqliteLog]]:
    directory = settings.data_dir
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(locked(directory))
        refuse_half_restored(directory)
        refuse_lost_log(directory / LOG, directory / KEYS, directory / TREE_HEADS)
        log = await SqliteLog.open(directory / LOG)
        stack.push_async_callback(log.close)
        await refuse_older_log(log, _read_up_to(directory, log.identity), log_file=LOG)
        keys = await SqliteKeys.open(directory / KEYS, log.identity)
        stack.push_async_callback(keys.close)
        # A directory that was never served has API keys, and no mark yet.
        known = await keys.secrets(CHECK) or await keys.api_keys(None, after="", limit=1)
        await refuse_lost_keys(log, keys_marked=bool(known), keys_file=KEYS, log_file=LOG)
        await open_heads(stack, log, directory)
        yield keys, log


def _refuse_no_log(settings: Settings) -> None:
    if not (settings.data_dir / LOG).is_file():
        raise CannotStart(f"there is no log in {settings.data_dir}: restore DATA_DIR/{LOG}")


def _read_up_to(directory: Path, identity: LogIdentity) -> Mapping[str, Checkpoint]:
    return {name: _read_by(directory / name, identity) for name in (VIEWS, WORK)}


def _read_by(path: Path, identity: LogIdentity) -> Checkpoint:
    """Return how far this file has followed the log; one that cannot be read is not asked."""
    with contextlib.suppress(StoreUnavailable):
        found = followed_by(path)
        if found is not None and found.identity == identity:
            return Checkpoint(position=found.position, event_id=found.event_id)
    return BEGINNING


def _sqlite_records(settings: Settings) -> SqliteBrowser:
    return SqliteBrowser(settings.data_dir / LOG, settings.data_dir / KEYS)
