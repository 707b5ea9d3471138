"""Fill live views with what the log held before they followed it, beside what is new in it.

Views that are lost are followed from the end of the log on at once, so that a new outcome waits for
nothing. What is older is filled in a transcription at a time, each from its beginning to its last
event, and one that has a new event meanwhile is filled in with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from stenolog.errors import RecordDamaged
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.store import EventStore
from stenolog.projections.run.batches import Batch, Batches
from stenolog.projections.run.generations import live
from stenolog.projections.run.histories import Histories
from stenolog.projections.views import ViewWriter
from stenolog.projections.views_state import ViewsState

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLimits:
    """When views are filled, and in what steps.

    Attributes:
        events_min: Fewer are projected in their own order, in a second or two.
        streams_per_step: Some 400 events: what is new waits for these at most.
    """

    events_min: int = 2_000
    streams_per_step: int = 64


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

    async def begin(self, state: ViewsState, head: int) -> bool:
        """Have views that are empty follow a long log from its head on; tell whether they were.

        Raises:
            StoreUnavailable: A store failed; ask again.
        """
        if state.checkpoint.position or head < self._limits.events_min:
            return False
        try:
            last = await self._log.read(after=head - 1, limit=1)
        except RecordDamaged:
            last = []
        event_id = last[0].id if last else ""
        await self._views.skip(Checkpoint(position=head, event_id=event_id))
        log.info("views.filling", until=head)
        return True

    async def step(self, state: ViewsState, is_overtaken: Callable[[Batch], bool]) -> Batch | None:
        """Fill in some transcriptions, and return what was filled in; None: nothing was.

        Raises:
            StoreUnavailable: A store failed; how far it came must be read again.
        """
        filling = state.filling
        begun = await self._histories.beginnings(
            TRANSCRIPTION,
            after=filling.position,
            until=filling.until,
            limit=self._limits.streams_per_step,
        )
        if not begun:
            await self._views.fill((), after=filling.position, position=filling.until)
            log.info("views.filled", until=filling.until)
            return None
        batch = await self._batches.adopt(live(state), begun, until=state.checkpoint.position)
        # Nothing may be awaited between this and the call that writes: see the projector.
        if is_overtaken(batch):
            return None
        await self._views.fill(
            batch.changes, after=filling.position, position=batch.checkpoint.position
        )
        return batch
