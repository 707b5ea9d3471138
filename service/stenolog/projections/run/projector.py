"""Run the loop that follows the log and keeps the views."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

import structlog

from stenolog.clock import NowMs
from stenolog.errors import NotFound
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.lag import Lag, lag_behind
from stenolog.log.page import Page
from stenolog.log.store import EventStore, Sealer
from stenolog.log.subscription import Subscription
from stenolog.projections.projection import Projection
from stenolog.projections.run.batches import (
    EVENTS_PER_BATCH,
    Batches,
    report_held,
    report_readable,
)
from stenolog.projections.run.building import Builder
from stenolog.projections.run.erasures import Erasures
from stenolog.projections.run.filling import Filler, FillLimits
from stenolog.projections.run.generations import bring_up, live
from stenolog.projections.run.histories import Histories
from stenolog.projections.run.progress import Progress
from stenolog.projections.run.retrying import Retries
from stenolog.projections.views import ViewWriter
from stenolog.projections.views_state import ViewsState
from stenolog.subscription_lines import SubscriptionLines

ALL_PROJECTIONS = "all"

log = structlog.get_logger(__name__)


class Projector:
    """Projects the log, event by event in order, into one store of views.

    Rows and checkpoint are written in one transaction, and all live projections share it, so that
    every view shows a change at the same moment. Generations being built are filled in steps in
    between, so that a rebuild does not delay the live ones.
    """

    def __init__(
        self,
        *,
        log_store: EventStore,
        sealer: Sealer,
        views: ViewWriter,
        projections: Mapping[str, Projection],
        histories: Histories,
        now_ms: NowMs,
        on_committed: Sequence[Callable[[int], None]] = (),
        on_mended: Sequence[Callable[[str | None], None]] = (),
        filling: FillLimits | None = None,
    ) -> None:
        """`on_mended` hears of transcriptions that are shown again, None: of any, after a build.

        `filling`: how views that are empty are filled from a long log.
        """
        self._log = log_store
        self._batches = Batches(log_store, sealer, views, projections, histories)
        self._filler = Filler(log_store, histories, self._batches, views, filling or FillLimits())
        self._builder = Builder(self._batches, views, self.wake)
        self._views = views
        self._projections = projections
        self._now_ms = now_ms
        self._progress = Progress(on_committed, on_mended)
        self.on_committed, self.on_mended = self._progress.on_committed, self._progress.on_mended
        self.subscription = Subscription(
            log_store, self, SubscriptionLines("projector"), events_per_page=EVENTS_PER_BATCH
        )
        self._turn = asyncio.Lock()
        self._retries = Retries(
            log_store, sealer, views, projections, turn=self._turn, mended=self._progress.mended
        )
        self._state: ViewsState | None = None
        self._rebuilt_until = 0
        self._erasures = Erasures(self._batches)

    @property
    def position(self) -> int:
        """Up to where the views have followed the log, as far as this projector has run."""
        return self._progress.position

    @property
    def interrupted(self) -> int:
        """How many transcriptions are held for now, as far as this projector knows."""
        return self._retries.waiting

    async def run(self) -> NoReturn:
        """Follow the log until cancelled; a store that fails is tried again, nothing is lost."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._retries.run())
            await self.subscription.run()

    def wake(self) -> None:
        """Have the projector look at what is to be done besides following the log."""
        self.subscription.wake()

    async def catch_up(self) -> int:
        """Bring all of the log into the views, end what is built, and return where they are.

        Raises:
            StoreUnavailable: A store failed; call again to go on from there.
        """
        while await self.subscription.step():
            pass
        return self._progress.position

    async def saved(self) -> Checkpoint:
        """Return the checkpoint that the views have."""
        async with self._turn:
            self._state = None  # what is stored may be ahead of what is known here
            return (await self._known_state()).checkpoint

    async def begin(self, stale: Checkpoint | None) -> Checkpoint:
        """Discards the views, which are of another log."""
        async with self._turn:
            log.warning(
                "views.discarded", reason="not of this log", advice="none: they are made again"
            )
            await self._views.reset()
            self._state = None
            return (await self._known_state()).checkpoint

    async def handle(self, page: Page) -> bool:
        """Projects the page for what is live, a batch for what is being built, and purges some."""
        async with self._turn:
            await self._follow(page)
            state = await self._known_state()
            moved = await (self._fill(state) if state.filling.pending else self._build(state))
            return await self._views.purge() or moved

    async def rebuild(self, name: str) -> tuple[str, ...]:
        """Begin to build the projection `name`, or `all`, again beside what readers see.

        Returns the projections' names, once that is on disk: a crash does not forget it.

        Raises:
            NotFound: There is no such projection.
            StoreUnavailable: It may or may not have begun; ask again.
        """
        if name != ALL_PROJECTIONS and name not in self._projections:
            raise NotFound(f"there is no projection {name}")
        names = tuple(self._projections) if name == ALL_PROJECTIONS else (name,)
        async with self._turn:
            await self._known_state()
            self._state = None
            for one in names:
                await self._views.begin(one, self._projections[one].version, live=False)
                log.info("projection.rebuild_begun", projection=one)
        self.wake()
        return names

    async def erase(self, transcription_id: str) -> None:
        """Remove its content from all views; its key is destroyed, so nothing comes back.

        Waits for no batch, which may take seconds: one that has read the content before is made
        again, and one that is being written is in the views by then.

        Raises:
            StoreUnavailable: Something may be left; ask again.
        """
        self._erasures.note(transcription_id)
        self._filler.note([transcription_id])
        self._retries.erase(transcription_id)
        await self._views.erase(transcription_id)

    async def wait_projected(self, position: int) -> int:
        """Return up to where the views are, as soon as the event at `position` is in them."""
        await self._progress.wait(position)
        return self._progress.position

    async def fill_in(self, transcription_id: str) -> None:
        """Return once the views have a transcription that they had lost, or after a second."""
        self.wake()
        await self._filler.ask_for(transcription_id)

    async def lag(self) -> Lag:
        """Return how far the views are behind.

        Raises:
            StoreUnavailable: The log cannot be read.
        """
        return await lag_behind(self._log, self._progress.position, self._now_ms())

    async def close(self) -> None:
        """End the worker process; `run` must have been cancelled before."""
        self._filler.close()
        await self._batches.close()
        await self._retries.close()

    async def _follow(self, page: Page) -> None:
        """Bring the page into what is live, in as many batches as it takes."""
        state = await self._known_state()
        self._progress.reached(state.checkpoint.position)
        while state.checkpoint.position < page.checkpoint.position:
            self._erasures.forget()
            batch = await self._batches.project(live(state), page, adopting=state.filling.pending)
            if self._erasures.overtake(batch):
                continue
            await self._views.advance(
                batch.changes, after=state.checkpoint.position, to=batch.checkpoint
            )
            self._state = state = replace(state, checkpoint=batch.checkpoint)
            page = page.behind(batch.checkpoint.position)
            self._filler.note(batch.transcriptions)
            self._progress.reached(batch.checkpoint.position)
            report_readable([row for row in batch.readable if row.position > self._rebuilt_until])
            if report_held(batch):
                self._retries.wake()

    async def _fill(self, state: ViewsState) -> bool:
        self._state = None
        batch = await self._filler.step(state)
        if batch is not None:
            self._progress.mended(*batch.transcriptions)
            if report_held(batch):
                self._retries.wake()
        return True

    async def _build(self, state: ViewsState) -> bool:
        self._erasures.forget()
        step = await self._builder.step(state, self._erasures.overtake)
        if step.written:
            self._state = None
        if step.switched:
            self._retries.wake()  # what was built may hold something for now
            self._progress.mended(None)
        return step.moved

    async def _known_state(self) -> ViewsState:
        """Return the stored state, with the generations that this version needs."""
        if self._state is None:
            head = await self._log.head()
            self._state, anew = await bring_up(self._views, self._projections)
            if anew:
                self._rebuilt_until = head
            if await self._filler.begin(self._state, head):
                self._state = await self._views.state()
        return self._state
