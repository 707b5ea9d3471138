"""The loop that follows the log and keeps the views."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import structlog

from stenolog.backoff import exponential_ms
from stenolog.clock import NowMs, microseconds
from stenolog.errors import NotFound, RecordDamaged, StoreError
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.place import is_in_log
from stenolog.log.store import EventStore, Sealer
from stenolog.projections.projection import Projection
from stenolog.projections.run.batches import (
    Batch,
    Batches,
    report_damaged,
    report_held,
    report_readable,
)
from stenolog.projections.run.generations import Begin, Drop, due, next_to_build
from stenolog.projections.views import ViewsState, ViewWriter

RETRY_FIRST_MS = 100
RETRY_CEILING_MS = 5_000

ALL_PROJECTIONS = "all"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far the views are behind the log.

    Attributes:
        events: How many events are not in the views yet.
        age_ms: How long ago the oldest of them happened; 0 without any.
    """

    events: int
    age_ms: int


class Projector:
    """Projects the log, event by event in order, into one store of views.

    Rows and checkpoint are one transaction, and all live projections share it: what a transcription
    has become is to be seen in every view at once. Generations being built follow in steps in
    between, so that a rebuild never stops the live ones.
    """

    def __init__(
        self,
        *,
        log_store: EventStore,
        sealer: Sealer,
        views: ViewWriter,
        projections: Mapping[str, Projection],
        now_ms: NowMs,
        on_committed: Sequence[Callable[[int], None]] = (),
    ) -> None:
        self._log = log_store
        self._batches = Batches(log_store, sealer, views, projections)
        self._views = views
        self._projections = projections
        self._now_ms = now_ms
        self._on_committed = on_committed
        self._turn = asyncio.Lock()
        self._woken = asyncio.Event()
        self._moved = asyncio.Event()
        self._state: ViewsState | None = None
        self._position = 0
        self._rebuilt_until = 0
        self._erased: set[str] = set()  # since the batch that is being made was begun

    @property
    def position(self) -> int:
        """Up to where the views have followed the log, as far as this projector has run."""
        return self._position

    async def run(self) -> NoReturn:
        """Follow the log until cancelled; a store that fails is tried again, nothing is lost."""
        failed = 0
        while True:
            try:
                await self.catch_up()
                failed = 0
                await self._growth()
            except StoreError as exc:
                failed += 1
                retry_in_ms = exponential_ms(
                    failed, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_CEILING_MS
                )
                log.warning("projector.interrupted", reason=str(exc), retry_in_ms=retry_in_ms)
                await asyncio.sleep(retry_in_ms / 1000)

    async def catch_up(self) -> int:
        """Everything in the log is in the views, nothing is being built; returns the position.

        Raises:
            StoreUnavailable: A store failed; call again to go on from there.
        """
        while True:
            async with self._turn:
                try:
                    if not await self._step():
                        return self._position
                except BaseException:
                    # What is stored may be ahead of what is known here: read it again.
                    self._state = None
                    raise

    async def rebuild(self, name: str) -> tuple[str, ...]:
        """The projection `name`, or `all`, is to be built again beside what is in view.

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
        self._woken.set()
        return names

    async def erase(self, transcription_id: str) -> None:
        """The views hold nothing of its content; its key is destroyed, so nothing comes back.

        Waits for no batch, which may take seconds: one that has read the content before is made
        again, and one that is being written is in the views by then.

        Raises:
            StoreUnavailable: Something may be left; ask again.
        """
        self._erased.add(transcription_id)
        self._batches.forget(f"{TRANSCRIPTION}{transcription_id}")
        await self._views.erase(transcription_id)

    async def wait_projected(self, position: int) -> None:
        """Return as soon as the event at `position` is in the views."""
        while self._position < position:
            await self._moved.wait()

    async def lag(self) -> Lag:
        """How far the views are behind.

        Raises:
            StoreUnavailable: The log cannot be read.
        """
        behind = await self._log.head() - self._position
        if behind <= 0:
            return Lag(events=0, age_ms=0)
        try:
            oldest = await self._log.read(after=self._position, limit=1)
        except RecordDamaged:
            return Lag(events=behind, age_ms=0)
        if not oldest:
            return Lag(events=0, age_ms=0)
        age_ms = self._now_ms() - microseconds(oldest[0].time) // 1000
        return Lag(events=behind, age_ms=max(0, age_ms))

    async def close(self) -> None:
        """The worker process is gone; `run` must have been cancelled before."""
        await self._batches.close()

    async def _step(self) -> bool:
        """One batch for what is live, one for what is being built, one of what goes."""
        moved = await self._follow(await self._known_state())
        moved = await self._build(await self._known_state()) or moved
        return await self._views.purge() or moved

    async def _follow(self, state: ViewsState) -> bool:
        live = [one for one in state.generations if one.state == "live"]
        self._erased.clear()
        batch = await self._batches.project(live, after=state.checkpoint.position, until=None)
        if batch is None:
            return False
        if self._is_overtaken(batch):
            return True
        await self._views.advance(
            batch.changes, after=state.checkpoint.position, to=batch.checkpoint
        )
        self._state = replace(state, checkpoint=batch.checkpoint)
        self._reached(batch.checkpoint.position)
        self._report(batch)
        return True

    def _is_overtaken(self, batch: Batch) -> bool:
        """Whether it may hold content that was erased while it was made.

        Nothing may be awaited between this and the call that writes the batch: what is erased
        after that call comes after it in the store, too.
        """
        for transcription_id in self._erased:  # the batch may have remembered it once more
            self._batches.forget(f"{TRANSCRIPTION}{transcription_id}")
        return not self._erased.isdisjoint(batch.transcriptions)

    def _report(self, batch: Batch) -> None:
        if batch.damaged is not None:
            report_damaged(batch.damaged)
            return
        report_readable([row for row in batch.readable if row.position > self._rebuilt_until])
        report_held(batch.changes)

    async def _build(self, state: ViewsState) -> bool:
        generations, until = next_to_build(state)
        if not generations:
            return False
        after = generations[0].position
        self._erased.clear()
        batch = await self._batches.project(generations, after=after, until=until)
        if batch is not None and self._is_overtaken(batch):
            return True
        position = batch.checkpoint.position if batch is not None else until
        changes = batch.changes if batch is not None else ()
        damaged = batch is not None and batch.damaged is not None
        self._state = None
        switched = await self._views.build(
            [one.generation for one in generations], changes, after=after, position=position
        )
        if not damaged:  # that was said when the live ones came there
            report_held(changes)
        if switched:
            for one in generations:
                log.info("projection.rebuilt", projection=one.projection, position=position)
        return True

    async def _known_state(self) -> ViewsState:
        """The stored state, with the generations that this version needs."""
        if self._state is None:
            state = await self._views.state()
            checkpoint = state.checkpoint
            if not await is_in_log(self._log, checkpoint.position, checkpoint.event_id):
                log.warning("views.discarded", reason="they are not of this log")
                await self._views.reset()
                state = await self._views.state()
            versions = {name: one.version for name, one in self._projections.items()}
            owed = due(state, versions)
            for action in owed:
                match action:
                    case Begin():
                        if action.live and state.checkpoint.position == 0:
                            self._rebuilt_until = await self._log.head()
                        await self._views.begin(action.projection, action.version, live=action.live)
                    case Drop():
                        await self._views.drop(action.projection)
            self._state = await self._views.state() if owed else state
            self._reached(self._state.checkpoint.position)
        return self._state

    def _reached(self, position: int) -> None:
        if position == self._position:
            return
        self._position = position
        self._moved.set()
        self._moved = asyncio.Event()
        for told in self._on_committed:
            told(position)

    async def _growth(self) -> None:
        """Return once the log has grown or a rebuild was asked for."""
        waiting = {
            asyncio.ensure_future(self._log.wait(after=self._position)),
            asyncio.ensure_future(self._woken.wait()),
        }
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        self._woken.clear()
