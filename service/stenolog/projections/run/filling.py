"""Fill live views with what the log held before they followed it, beside what is new in it.

Views that are lost are followed from the end of the log on at once, so that a new outcome waits for
nothing. What is older is filled in a transcription at a time, each from its beginning to its last
event, and one that has a new event meanwhile is filled in with it. While some are written, the
next ones are projected, and those behind them are read.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

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

BATCHES_PER_LOOK = 4  # whose beginnings are looked up together

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLimits:
    """When views are filled, and in what steps.

    Attributes:
        events_min: Fewer are projected in their own order, in a second or two.
        streams_per_step: Some 400 events: what is new waits for these at most.
        batches_ahead: How many are made meanwhile: one is projected, another is read.
        asked_max: How many are asked for at once; others are found in their turn.
        wait_ms_max: How long one that is asked for is waited for.
    """

    events_min: int = 2_000
    streams_per_step: int = 64
    batches_ahead: int = 2
    asked_max: int = 256
    wait_ms_max: int = 1_000


@dataclass(slots=True, kw_only=True)
class Making:
    """A batch that is being made, perhaps while another one is written.

    Attributes:
        after: It has transcriptions that begin behind this position.
        until: The last of them begins here.
        changed: Transcriptions that were written or erased since it was begun.
    """

    after: int
    until: int
    task: asyncio.Task[Batch]
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
        self._begun: deque[Beginning] = deque()  # behind those that are being made
        self._ahead: deque[Making] = deque()
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
        noted = set(transcriptions)
        for making in self._ahead:
            making.changed |= noted
        if self._of_asked is not None:
            self._of_asked.changed |= noted

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
        """Fill in those that begin next, while what follows them is made."""
        after, until = state.filling.position, state.filling.until
        if self._ahead and self._ahead[0].after != after:
            self._drop()
        await self._look(state)
        self._make(state, self._ahead[-1].until if self._ahead else after)
        if not self._ahead:
            await self._views.fill((), after=after, position=until)
            self._pending = False
            self._tell_all()
            log.info("views.filled", until=until)
            return None
        making = self._ahead[0]
        try:
            batch = await making.task
        except BaseException:
            self._drop()
            raise
        # Nothing may be awaited between this and the call that writes.
        self._ahead.popleft()
        stale = not making.changed.isdisjoint(batch.transcriptions)
        reached = batch.checkpoint.position
        if stale or reached != making.until:
            self._drop()
        else:
            self._make(state, self._ahead[-1].until if self._ahead else reached)
        if stale:
            return None
        await self._views.fill(batch.changes, after=after, position=reached)
        return batch

    async def _fill_asked(self, state: ViewsState) -> Batch | None:
        """Fill in those that are asked for."""
        asked, self._asked = self._asked, {}
        begun = [Beginning(position=0, stream=TRANSCRIPTION + one) for one in asked]
        position = state.filling.position
        self._of_asked = making = self._making(state, begun, position)
        try:
            batch = await making.task
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

    async def _look(self, state: ViewsState) -> None:
        """Look up where the next ones begin, when none are known."""
        if self._begun:
            return
        self._begun.extend(
            await self._histories.beginnings(
                TRANSCRIPTION,
                after=self._ahead[-1].until if self._ahead else state.filling.position,
                until=state.filling.until,
                limit=self._limits.streams_per_step * BATCHES_PER_LOOK,
            )
        )

    def _make(self, state: ViewsState, after: int) -> None:
        """Have as many batches made as may be at once; the first of these begins behind `after`."""
        while self._begun and len(self._ahead) < self._limits.batches_ahead:
            count = min(self._limits.streams_per_step, len(self._begun))
            begun = [self._begun.popleft() for _ in range(count)]
            self._ahead.append(self._making(state, begun, after))
            after = begun[-1].position

    def _making(self, state: ViewsState, begun: Sequence[Beginning], after: int) -> Making:
        batch = self._batches.adopt(live(state), begun, until=state.checkpoint.position)
        task = asyncio.get_running_loop().create_task(batch)
        task.add_done_callback(_looked_at)
        return Making(after=after, until=begun[-1].position, task=task)

    def _drop(self) -> None:
        """Make nothing ahead any more: it is not what the views lack next."""
        for making in self._ahead:
            making.task.cancel()
        self._ahead.clear()
        self._begun.clear()

    def _tell_all(self) -> None:
        """Let nobody wait any more: there is nothing that the views lack."""
        asked, self._asked = self._asked, {}
        for filled_in in asked.values():
            filled_in.set()


def _looked_at(task: asyncio.Task[Batch]) -> None:
    """Take what a batch raised that nobody waits for any more: the next one raises it again."""
    if not task.cancelled():
        task.exception()
