"""Open everything that is kept, in order, and close it in reverse."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from stenolog.bootstrap.identity import open_master_key
from stenolog.bootstrap.opened_log import open_log_and_keys
from stenolog.bootstrap.work_mark import WorkMark
from stenolog.clock import NowMs, now_ms
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.head_keeper import HeadKeeper
from stenolog.compliance.stream_seals import StreamSeals
from stenolog.compliance.vault import Vault
from stenolog.config.settings import Settings
from stenolog.delivery.rules import Timing as DeliveryTiming
from stenolog.delivery.schedule import Schedule
from stenolog.errors import RecordDamaged
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.recorder import FactRecorder, NoSealer
from stenolog.log.store import EventStore
from stenolog.providers.port import Provider
from stenolog.reconciler.timing import Timing as ReconcilerTiming
from stenolog.stores.files.directory import SEARCH, UPLOADS, VIEWS, WORK
from stenolog.stores.files.stream_tiles import StreamTiles
from stenolog.stores.files.upload_room import UploadRoom
from stenolog.stores.files.uploads import UploadStore
from stenolog.stores.search.store import SearchIndex
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.views.store import SqliteViews
from stenolog.stores.sqlite.work.store import SqliteWork
from stenolog.telemetry import Metrics

CLOCK_BEHIND_MS_TOLD = 1_000  # less is a clock that was set right

log = structlog.get_logger()

Store = TypeVar("Store", SqliteLog, SqliteKeys, SqliteViews, SqliteWork, SearchIndex)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """What is put around each port: nothing in the service, faults in tests.

    Attributes:
        log_type: What the log is opened as.
        clock: Tells every loop the time; the log has its own clock.
        accept_clock: An operator says that the machine's clock is right.
    """

    log_type: type[SqliteLog] = SqliteLog
    log: Callable[[SqliteLog], SqliteLog] = lambda port: port
    keys: Callable[[SqliteKeys], SqliteKeys] = lambda port: port
    views: Callable[[SqliteViews], SqliteViews] = lambda port: port
    work: Callable[[SqliteWork], SqliteWork] = lambda port: port
    search: Callable[[SearchIndex], SearchIndex] = lambda port: port
    provider: Callable[[Provider], Provider] = lambda port: port
    delivery: Callable[[DeliveryTiming], DeliveryTiming] = lambda timing: timing
    schedule: Callable[[Schedule], Schedule] = lambda schedule: schedule
    uploads: Callable[[UploadStore], UploadStore] = lambda port: port
    reconciling: Callable[[ReconcilerTiming], ReconcilerTiming] = lambda timing: timing
    clock: NowMs = now_ms
    accept_clock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Everything that is kept, open.

    Attributes:
        new_master_key: Whether the master key was made now.
        heads: Keeps the log's tree heads; the log continues the last one.
        work_mark: Says how much consumers have acknowledged, beside `work.db`.
        seals: Commits in the log to where its streams end.
    """

    keys: SqliteKeys
    master: MasterKey
    events: SqliteLog
    views: SqliteViews
    work: SqliteWork
    search: SearchIndex
    vault: Vault
    uploads: UploadStore
    new_master_key: bool
    heads: HeadKeeper
    work_mark: WorkMark
    seals: StreamSeals


async def open_stores(
    stack: contextlib.AsyncExitStack, settings: Settings, wrapping: Wrapping, metrics: Metrics
) -> Stores:
    """Return the stores of a data directory; `stack` closes them.

    Raises:
        CannotStart: The master key is missing or another, `keys.db` or `log.db` was lost, the
            log does not continue its last tree head or ends before what was read of it, a file is
            of another kind or belongs to another log, or the machine's clock cannot be right.
        SchemaTooNew: A file was written by a newer Stenolog.
        StoreUnavailable: A file cannot be opened.
    """
    directory = settings.data_dir
    events, stored_keys, heads = await open_log_and_keys(
        stack,
        directory,
        partial(
            wrapping.log_type.open, report=metrics.committed, accept_clock=wrapping.accept_clock
        ),
    )
    _warn_of_clock(events.clock_behind_ms)
    ours, keys = events.identity, wrapping.keys(stored_keys)
    master, new_master_key = await open_master_key(settings, keys)
    vault = Vault(master, keys, events.sealings)
    views = await _closing(stack, await SqliteViews.open(directory / VIEWS, vault, ours))
    work = await _closing(stack, await SqliteWork.open(directory / WORK, ours))
    mark = WorkMark(directory, ours, work.consumers)
    await mark.compare()
    stack.push_async_callback(mark.close)
    search = await _closing(stack, await SearchIndex.open(directory / SEARCH, ours))
    await events.record_clock()  # not before: a start that is refused appends nothing
    room = UploadRoom(
        directory / UPLOADS,
        tenant_bytes_max=settings.tenant_upload_bytes,
        owner_of=partial(_owner_of, events),
    )
    wrapped = wrapping.log(events)
    return Stores(
        keys=keys,
        master=master,
        events=wrapped,
        views=wrapping.views(views),
        work=wrapping.work(work),
        search=wrapping.search(search),
        vault=vault,
        uploads=wrapping.uploads(UploadStore(directory / UPLOADS, vault, ours, room=room)),
        new_master_key=new_master_key,
        heads=heads,
        work_mark=mark,
        seals=StreamSeals(
            wrapped,
            wrapped.ends,
            StreamTiles(directory),
            FactRecorder(wrapped, NoSealer()),
            heads,
        ),
    )


def _warn_of_clock(behind_ms: int) -> None:
    if behind_ms > CLOCK_BEHIND_MS_TOLD:
        log.warning(
            "log.clock_behind",
            behind_ms=behind_ms,
            advice="events have the time of the last one until the machine's clock has caught up",
        )


async def _owner_of(events: EventStore, upload_id: str) -> str | None:
    try:
        first = await events.read_stream(UPLOAD + upload_id, limit=1)
    except RecordDamaged:
        return None  # it is counted for nobody
    return first[0].tenant if first else None


async def _closing(stack: contextlib.AsyncExitStack, store: Store) -> Store:
    stack.push_async_callback(store.close)
    return store
