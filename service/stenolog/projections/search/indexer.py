"""Run the loop that follows the log and keeps the search index."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import structlog

from stenolog.clock import NowMs
from stenolog.errors import NotFound, RecordDamaged, StoreUnavailable
from stenolog.log.checkpoint import BEGINNING, Checkpoint
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION, ErasureRequested
from stenolog.log.lag import Lag, lag_behind
from stenolog.log.page import Page
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore, Sealer
from stenolog.log.subscription import Subscription
from stenolog.projections.of.items import COMPLETED
from stenolog.projections.pages import ProjectionStatus
from stenolog.projections.run import one_event
from stenolog.projections.run.one_event import INTERRUPTIONS
from stenolog.projections.run.opening import EventOpener
from stenolog.projections.run.registry import OpenedEvent
from stenolog.projections.search.entry import Change, Drop, Put
from stenolog.projections.search.index import SEARCH, SEARCH_VERSION, SearchWriter
from stenolog.projections.search.indexing import indexed
from stenolog.side_process import SideProcess
from stenolog.subscription_lines import SubscriptionLines

EVENTS_PER_BATCH = 256
BYTES_PER_BATCH = 4 << 20  # plaintext; the event that goes beyond it is the batch's last
IDLE_MS = 60_000  # then the process beside it ends
TRIED_AGAIN_MAX = 1_000  # of what failed, at a start
ERASED_KEPT_MAX = 16_384  # noted while one batch is made

log = structlog.get_logger(__name__)


class Indexer:
    """Indexes what was said in each transcription, once it is completed, event by event in order.

    What is erased is removed in the call that erases it, and again where the log says so.
    """

    def __init__(
        self, *, log_store: EventStore, sealer: Sealer, index: SearchWriter, now_ms: NowMs
    ) -> None:
        self._log = log_store
        self._index = index
        self._now_ms = now_ms
        self._opener = EventOpener(log_store, sealer, {SEARCH: _Opens()})
        self._side_process = SideProcess(idle_ms=IDLE_MS)
        self._erased: set[str] = set()  # while a batch is made
        self._position = 0
        self._tried_again = False
        self.subscription = Subscription(
            log_store, self, SubscriptionLines("indexer"), events_per_page=EVENTS_PER_BATCH
        )

    async def run(self) -> NoReturn:
        """Follow the log until cancelled; a store that fails is tried again, nothing is lost."""
        await self.subscription.run()

    async def catch_up(self) -> int:
        """Bring all of the log into the index, and return where it is.

        Raises:
            StoreUnavailable: A store failed; call again to go on from there.
        """
        while await self.subscription.step():
            pass
        return self._position

    async def saved(self) -> Checkpoint:
        """Return the checkpoint of the index; one that is new is to be filled up to the head."""
        state = await self._index.state()
        if state.filled_until is None:
            await self._begin()
            state = await self._index.state()
        if state.failures and not self._tried_again:
            await self._try_again(state.checkpoint)
        self._position = state.checkpoint.position
        return state.checkpoint

    async def begin(self, stale: Checkpoint | None) -> Checkpoint:
        """Makes the index anew, which is of another log."""
        await self._begin()
        return BEGINNING

    async def handle(self, page: Page) -> bool:
        """Indexes the page, a batch at a time; one that is erased meanwhile is left out."""
        if (await self._index.state()).filled_until is None:
            raise StoreUnavailable(
                "the search index was made anew: it is filled from the beginning"
            )
        self._erased.clear()
        changes: list[Change] = []
        size = 0
        for event in page.events:
            change, read = await self._change(event)
            size += read
            if change is not None:
                changes.append(change)
            if size >= BYTES_PER_BATCH:
                await self._advance(changes, Checkpoint(position=event.position, event_id=event.id))
                changes, size = [], 0
        if changes or page.checkpoint.position > self._position:
            await self._advance(changes, page.checkpoint)
        return False

    async def erase(self, transcription_id: str) -> None:
        """Leave nothing of it in the index; its key is destroyed, so nothing comes back.

        Raises:
            StoreUnavailable: Something may be left; ask again.
        """
        if len(self._erased) < ERASED_KEPT_MAX:
            self._erased.add(transcription_id)
        self._opener.erase(f"{TRANSCRIPTION}{transcription_id}")
        await self._index.erase(transcription_id)

    async def rebuild(self, name: str = SEARCH) -> tuple[str, ...]:
        """Make the index anew, and fill it from the log; until then nothing is found.

        Raises:
            NotFound: `name` is not its name.
            StoreUnavailable: It may or may not have begun; ask again.
        """
        if name != SEARCH:
            raise NotFound(f"there is no projection {name}")
        await self.subscription.begin_again(self._begin)
        log.info("projection.rebuild_begun", projection=SEARCH)
        return (SEARCH,)

    async def status(self) -> ProjectionStatus:
        """Return how far it is, as one of the projections.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        state = await self._index.state()
        position = state.checkpoint.position
        return ProjectionStatus(
            name=SEARCH,
            generation=1 if state.ready else None,
            version=SEARCH_VERSION,
            position=position,
            failures=state.failures,
            rebuilding=None if state.ready else position,
        )

    async def lag(self) -> Lag:
        """Return how far the index is behind the log.

        Raises:
            StoreUnavailable: The log cannot be read.
        """
        return await lag_behind(self._log, self._position, self._now_ms())

    async def close(self) -> None:
        """End the side process; `run` must have been cancelled before."""
        await self._side_process.close()

    async def _try_again(self, at: Checkpoint) -> None:
        """Index what failed before this start: a key may be back, or a process live."""
        self._erased.clear()
        for position in await self._index.failed(TRIED_AGAIN_MAX):
            try:
                events = await self._log.read(after=position - 1, limit=1)
            except RecordDamaged:
                continue
            change, _ = await self._change(events[0]) if events else (None, 0)
            if isinstance(change, Put):
                await self._advance([change], at)
        self._tried_again = True

    async def _begin(self) -> None:
        await self._index.begin(until=await self._log.head())
        self._position = 0

    async def _advance(self, changes: list[Change], to: Checkpoint) -> None:
        # Nothing may be awaited between this and the call that writes: an erasure that comes
        # later is executed after it.
        if len(self._erased) >= ERASED_KEPT_MAX:
            raise StoreUnavailable("too much was erased meanwhile: the batch is made again")
        kept = [one for one in changes if one.transcription not in self._erased]
        await self._index.advance(kept, to=to)
        for change in kept:
            if isinstance(change, Drop) and change.failed is not None:
                position, reason = change.failed
                log.error(
                    "search.not_indexed",
                    transcription_id=change.transcription,
                    position=position,
                    reason=reason,
                )
        self._position = to.position

    async def _change(self, event: Event) -> tuple[Change | None, int]:
        """Return what the event changes, and how many bytes were read for it."""
        transcription = event.stream.removeprefix(TRANSCRIPTION)
        if event.type == ErasureRequested.type:
            return Drop(transcription=transcription), 0
        if event.type not in COMPLETED:
            return None, 0
        created_at, erased = await self._life(event)
        if erased:
            return None, 0
        opened = await self._opener.read(event, (SEARCH,), with_state=False)
        return await self._indexed(opened, created_at), opened.size

    async def _life(self, event: Event) -> tuple[str, bool]:
        """Return when the transcription was asked for, and whether it was erased since the event.

        A key that is still needed opens content that was erased.
        """
        try:
            first = await self._log.read_stream(event.stream, limit=1)
            created_at = first[0].time if first else event.time
            after = event.version
            while later := await self._log.read_stream(
                event.stream, after=after, limit=EVENTS_PER_READ_MAX
            ):
                if any(one.type == ErasureRequested.type for one in later):
                    return created_at, True
                after = later[-1].version
        except RecordDamaged:
            return event.time, False
        return created_at, False

    async def _indexed(self, opened: OpenedEvent, created_at: str) -> Change:
        if opened.size <= one_event.INLINE_BYTES_MAX:
            await asyncio.sleep(0)  # each body holds the event loop on its own, never two together
            return indexed(opened, created_at)
        if opened.size <= one_event.THREAD_BYTES_MAX:
            return await asyncio.to_thread(indexed, opened, created_at)
        try:
            return await self._side_process.run(indexed, opened, created_at, size=opened.size)
        except INTERRUPTIONS as exc:  # it was tried twice: the others do not wait for it
            reason = f"interrupted ({type(exc).__name__})"
            return Drop(transcription=opened.transcription, failed=(opened.event.position, reason))


class _Opens:
    """What the opener of events asks of a projection: which payloads it needs."""

    opens = COMPLETED
