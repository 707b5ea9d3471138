"""Fill live views with what the log held before they followed it, beside what is new in it.

Views that are lost are followed from the end of the log on at once, so that a new outcome waits for
nothing. What is older is filled in a transcription at a time, each from its beginning to its last
event, and one that has a new event meanwhile is filled in with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from stenolog.errors import RecordDamaged
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.store import EventStore
from stenolog.projections.run.batches import Batch, Batches
from stenolog.projections.run.generations import live
from stenolog.projections.run.histories import Beginning, Histories
from stenolog.projections.views import ViewWriter
from stenolog.projections.views_state import ViewsState

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLimits:
    """When views are filled, and in what steps.

    Attributes:
        events_min: Fewer are projected in their own order, in a second or two.
        streams_per_step: Some 400 events: what is new waits for these at most.
        asked_max: How many are asked for at once; others are found in their turn.
        wait_ms_max: How long one that is asked for is waited for.
    """

    events_min: int = 2_000
    streams_per_step: int = 64
    asked_max: int = 256
    wait_ms_max: int = 1_000


class Filler:
    """Fills the views in steps between the projector's batches."""

    def __init__(
        self,
        log_store: EventStore,
        histories: Histories,
        batches: Batches,
        views: ViewWriter,
        limits: FillLimits,
    ) -> None:
        self._log = log_store
        self._histories = histories
        self._batches = batches
        self._views = views
        self._limits = limits
        self._pending = False
        self._asked: dict[str, asyncio.Event] = {}
        self._asked_last = False

    async def begin(self, state: ViewsState, head: int) -> bool:
        """Have views that are empty follow a long log from its head on; tell whether they were.

        Raises:
            StoreUnavailable: A store failed; ask again.
        """
        self._pending = state.filling.pending
        if state.checkpoint.position or head < self._limits.events_min:
            return False
        try:
            last = await self._log.read(after=head - 1, limit=1)
        except RecordDamaged:
            last = []
        event_id = last[0].id if last else ""
        await self._views.skip(Checkpoint(position=head, event_id=event_id))
        self._pending = True
        log.info("views.filling", until=head)
        return True

    async def ask_for(self, transcription: str) -> None:
        """Return once the transcription is filled in; not at all late where it is not waited for.

        Nothing is to be waited for when the views are whole.
        """
        if not self._pending or len(self._asked) >= self._limits.asked_max:
            return
        filled_in = self._asked.setdefault(transcription, asyncio.Event())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.wait_ms_max / 1000):
                await filled_in.wait()

    async def step(self, state: ViewsState, is_overtaken: Callable[[Batch], bool]) -> Batch | None:
        """Fill in some transcriptions, and return what was filled in; None: nothing was.

        Those that are asked for have every second step: however often somebody asks, it ends.

        Raises:
            StoreUnavailable: A store failed; how far it came must be read again.
        """
        self._asked_last = bool(self._asked) and not self._asked_last
        if not self._asked_last:
            return await self._next(state, is_overtaken)
        asked, self._asked = self._asked, {}
        try:
            begun = [Beginning(position=0, stream=TRANSCRIPTION + one) for one in asked]
            return await self._adopt(state, begun, state.filling.position, is_overtaken)
        finally:
            for filled_in in asked.values():
                filled_in.set()

    async def _next(self, state: ViewsState, is_overtaken: Callable[[Batch], bool]) -> Batch | None:
        """Fill in those that begin next."""
        filling = state.filling
        begun = await self._histories.beginnings(
            TRANSCRIPTION,
            after=filling.position,
            until=filling.until,
            limit=self._limits.streams_per_step,
        )
        if not begun:
            await self._views.fill((), after=filling.position, position=filling.until)
            self._pending = False
            self._tell_all()
            log.info("views.filled", until=filling.until)
            return None
        return await self._adopt(state, begun, None, is_overtaken)

    def _tell_all(self) -> None:
        """Let nobody wait any more: there is nothing that the views lack."""
        asked, self._asked = self._asked, {}
        for filled_in in asked.values():
            filled_in.set()

    async def _adopt(
        self,
        state: ViewsState,
        begun: Sequence[Beginning],
        position: int | None,
        is_overtaken: Callable[[Batch], bool],
    ) -> Batch | None:
        """Fill these in, and move the filling to `position`; None: to the last of them."""
        batch = await self._batches.adopt(live(state), begun, until=state.checkpoint.position)
        # Nothing may be awaited between this and the call that writes: see the projector.
        if is_overtaken(batch):
            return None
        reached = batch.checkpoint.position if position is None else position
        await self._views.fill(batch.changes, after=state.filling.position, position=reached)
        return batch
