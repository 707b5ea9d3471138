"""Open what a data directory keeps, for commands, mostly while no service runs on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator

from stenolog.bootstrap.all_projections import AllProjections
from stenolog.bootstrap.identity import (
    CHECK,
    TREE_HEAD,
    callback_keys,
    key_ring,
    open_master_key,
)
from stenolog.bootstrap.master_key import known_master_key
from stenolog.bootstrap.opened_log import open_log_and_keys
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.bootstrap.rotating import SecretRotation
from stenolog.clock import now_ms
from stenolog.commands.api_keys import ApiKeys
from stenolog.commands.key_ring import KeyRing
from stenolog.compliance.browsing import BrowsableRecords
from stenolog.compliance.checkpoints import HeadSigner
from stenolog.compliance.lost_files import refuse_lost_keys
from stenolog.compliance.vault import Vault
from stenolog.config.settings import Settings
from stenolog.encryption import SigningKey
from stenolog.errors import CannotStart
from stenolog.log.recorder import FactRecorder, NoSealer
from stenolog.projections.run.projector import Projector
from stenolog.projections.search.indexer import Indexer
from stenolog.stores.files.directory import KEYS, LOG, SEARCH, VIEWS, locked
from stenolog.stores.search.store import SearchIndex
from stenolog.stores.sqlite.browsing import SqliteBrowser
from stenolog.stores.sqlite.file.checking import refuse_damaged
from stenolog.stores.sqlite.file.connection import Library, library
from stenolog.stores.sqlite.keys.schema import KEYS as KEYS_SCHEMA
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.schema import LOG as LOG_SCHEMA
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
        yield keys, await key_ring(keys, log, FactRecorder(log, NoSealer()), settings.data_dir)


@contextlib.asynccontextmanager
async def open_rotation(settings: Settings) -> AsyncIterator[SecretRotation]:
    """Open what rotates the gateway's own secrets, with the directory locked.

    Raises:
        DataDirectoryLocked: A gateway runs on it after all.
        CannotStart: The master key is not here; else as `open_keys`.
        StoreUnavailable: A file cannot be opened.
    """
    _refuse_no_log(settings)
    async with _keys_and_log(settings) as (keys, _):
        master, _ = await open_master_key(settings, keys)
        callbacks = await callback_keys(keys, master)
        yield SecretRotation(settings, keys, master, callbacks)


@contextlib.asynccontextmanager
async def open_projections(settings: Settings) -> AsyncIterator[AllProjections]:
    """Open what follows the log for readers, with the directory locked.

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
        master, _ = await open_master_key(settings, keys)
        vault = Vault(master, keys, log.sealings)
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
        index = await SearchIndex.open(settings.data_dir / SEARCH, log.identity)
        stack.push_async_callback(index.close)
        indexer = Indexer(log_store=log, sealer=vault, index=index, now_ms=now_ms)
        stack.push_async_callback(indexer.close)
        yield AllProjections(projector, views, indexer)


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


def published_key(settings: Settings) -> str | None:
    """Return the key that verifies the log's tree heads; None: it was not made yet, or not here.

    Raises:
        CannotStart: The master key is not a key, or a file is of another kind.
        PayloadDamaged: The master key is another.
        StoreError: A file cannot be read.
    """
    master = known_master_key(settings)
    with contextlib.closing(_sqlite_records(settings)) as records:
        box, identity = records.secret(TREE_HEAD, 1), records.identity
    if master is None or box is None or identity is None:
        return None
    private = master.unwrap(box, f"{TREE_HEAD} 1".encode())
    return HeadSigner(identity, SigningKey(private)).verifier_key


def master_key_mark(settings: Settings) -> bytes | None:
    """Return what this directory's master key has wrapped as its own mark; None without one.

    Raises:
        StoreError: The files cannot be read.
    """
    with contextlib.closing(_sqlite_records(settings)) as records:
        return records.secret(CHECK, 1)


def refuse_unstartable(settings: Settings) -> None:
    """Check what a start checks of files that were not closed; no service runs on them.

    Raises:
        CannotStart: They are damaged, or beside a WAL that is not theirs.
    """
    for name, schema in ((LOG, LOG_SCHEMA), (KEYS, KEYS_SCHEMA)):
        refuse_damaged(settings.data_dir / name, schema, looking=True)


def database_library() -> Library:
    """Say which library reads and writes the files."""
    return library()


@contextlib.asynccontextmanager
async def _keys_and_log(settings: Settings) -> AsyncIterator[tuple[SqliteKeys, SqliteLog]]:
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(locked(settings.data_dir))
        log, keys, _ = await open_log_and_keys(stack, settings.data_dir)
        yield keys, log


def _refuse_no_log(settings: Settings) -> None:
    if not (settings.data_dir / LOG).is_file():
        raise CannotStart(f"there is no log in {settings.data_dir}: restore DATA_DIR/{LOG}")


def _sqlite_records(settings: Settings) -> SqliteBrowser:
    return SqliteBrowser(settings.data_dir / LOG, settings.data_dir / KEYS)
