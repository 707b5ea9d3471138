"""Fill live views with what the log held before they followed it, beside what is new in it.

Views that are lost are followed from the end of the log on at once, so that a new outcome waits for
nothing. What is older is filled in a transcription at a time, each from its beginning to its last
event, and one that has a new event meanwhile is filled in with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(slots=True, kw_only=True)
class Making:
    """A batch that is being made, perhaps while another one is written.

    Attributes:
        after: It has transcriptions that begin behind this position.
        task: Ends with the batch; None: none begins there.
        changed: Transcriptions that were written or erased since it was begun.
    """

    after: int
    task: asyncio.Task[Batch | None]
    changed: set[str] = field(default_factory=set)


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
        self._ahead: Making | None = None
        self._of_asked: Making | None = None

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
        self._drop()
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

    def note(self, transcriptions: Iterable[str]) -> None:
        """Note that these are written or erased: a batch that has read one of them is made again.

        An erasure that comes after a batch was handed to the views is executed there after it.
        """
        for making in (self._ahead, self._of_asked):
            if making is not None:
                making.changed.update(transcriptions)

    async def step(self, state: ViewsState) -> Batch | None:
        """Fill in some transcriptions, and return what was filled in; None: nothing was.

        Those that are asked for have every second step: however often somebody asks, it ends.

        Raises:
            StoreUnavailable: A store failed; how far it came must be read again.
        """
        self._asked_last = bool(self._asked) and not self._asked_last
        return await (self._fill_asked(state) if self._asked_last else self._fill_next(state))

    def close(self) -> None:
        """End what is being made; nothing of it is needed."""
        self._drop()

    async def _fill_next(self, state: ViewsState) -> Batch | None:
        """Fill in those that begin next, and begin to read those behind them."""
        after, until = state.filling.position, state.filling.until
        if self._ahead is not None and self._ahead.after != after:
            self._drop()
        if self._ahead is None:
            self._ahead = self._begun(state, after)
        making = self._ahead
        try:
            batch = await making.task
        finally:
            self._ahead = None
        if batch is None:
            await self._views.fill((), after=after, position=until)
            self._pending = False
            self._tell_all()
            log.info("views.filled", until=until)
            return None
        # Nothing may be awaited between this and the call that writes.
        if not making.changed.isdisjoint(batch.transcriptions):
            return None
        reached = batch.checkpoint.position
        self._ahead = self._begun(state, reached)
        await self._views.fill(batch.changes, after=after, position=reached)
        return batch

    async def _fill_asked(self, state: ViewsState) -> Batch | None:
        """Fill in those that are asked for."""
        asked, self._asked = self._asked, {}
        begun = [Beginning(position=0, stream=TRANSCRIPTION + one) for one in asked]
        position = state.filling.position
        self._of_asked = making = self._making(position, self._adopted(state, begun))
        try:
            batch = await making.task
            assert batch is not None
            # Nothing may be awaited between this and the call that writes.
            if not making.changed.isdisjoint(batch.transcriptions):
                return None
            self.note(batch.transcriptions)
            await self._views.fill(batch.changes, after=position, position=position)
            return batch
        finally:
            self._of_asked = None
            for filled_in in asked.values():
                filled_in.set()

    def _begun(self, state: ViewsState, after: int) -> Making:
        """Begin a batch of those that begin behind `after`."""
        return self._making(after, self._next(state, after))

    def _making(self, after: int, batch: Coroutine[Any, Any, Batch | None]) -> Making:
        task = asyncio.get_running_loop().create_task(batch)
        task.add_done_callback(_looked_at)
        return Making(after=after, task=task)

    async def _next(self, state: ViewsState, after: int) -> Batch | None:
        begun = await self._histories.beginnings(
            TRANSCRIPTION,
            after=after,
            until=state.filling.until,
            limit=self._limits.streams_per_step,
        )
        return await self._adopted(state, begun) if begun else None

    async def _adopted(self, state: ViewsState, begun: Sequence[Beginning]) -> Batch:
        return await self._batches.adopt(live(state), begun, until=state.checkpoint.position)

    def _drop(self) -> None:
        """Make no batch ahead: it would not be of what the views lack."""
        if self._ahead is not None:
            self._ahead.task.cancel()
            self._ahead = None

    def _tell_all(self) -> None:
        """Let nobody wait any more: there is nothing that the views lack."""
        asked, self._asked = self._asked, {}
        for filled_in in asked.values():
            filled_in.set()


def _looked_at(task: asyncio.Task[Batch | None]) -> None:
    """Take what a batch raised that nobody waits for any more: the next one raises it again."""
    if not task.cancelled():
        task.exception()
