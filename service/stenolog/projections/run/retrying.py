"""Project again what was interrupted, after pauses that grow, until it works."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

import structlog

from stenolog.backoff import exponential_ms
from stenolog.errors import RecordDamaged, StoreError
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore, Sealer
from stenolog.projections.projection import Projection
from stenolog.projections.rows import Change, Hold, StatusRow
from stenolog.projections.run.held import read_held
from stenolog.projections.run.one_event import INTERRUPTIONS, project_event
from stenolog.projections.run.opening import UNREADABLE_STREAM, EventOpener
from stenolog.projections.run.registry import status_after
from stenolog.projections.views import TRANSCRIPTIONS_VIEW, ViewWriter
from stenolog.projections.views_state import ViewsState
from stenolog.side_process import SideProcess

RETRY_FIRST_MS = 1_000
RETRY_CEILING_MS = 600_000
STORE_RETRY_MS = 5_000
SIDE_PROCESS_IDLE_MS = 30_000

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Tries:
    """Counts how often a transcription was interrupted, and says when its next try is due."""

    due_at: float
    count: int = 0


@dataclass(slots=True, kw_only=True)
class Projected:
    """Holds what the events of one transcription change, up to a version of its stream."""

    row: StatusRow | None
    version: int = 0
    changes: list[Change] = field(default_factory=list)
    held: set[str] = field(default_factory=set)


class Retries:
    """Projects a held transcription on from the event that was interrupted, beside the projector.

    What could not be done now says nothing of the data. It has a side process of its own: what
    ends that interrupts nobody else. The views are written while the projector waits, and no
    event of the transcription is left out or made twice.
    """

    def __init__(
        self,
        log_store: EventStore,
        sealer: Sealer,
        views: ViewWriter,
        projections: Mapping[str, Projection],
        *,
        turn: asyncio.Lock,
        mended: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take `turn`, which the projector has while it writes; `mended` hears who is shown."""
        self._log = log_store
        self._opener = EventOpener(log_store, sealer, projections)
        self._views = views
        self._projections = projections
        self._turn = turn
        self._mended = mended
        self._monotonic = monotonic
        self._side_process = SideProcess(idle_ms=SIDE_PROCESS_IDLE_MS)
        self._tries: dict[str, Tries] = {}
        self._trying = ""  # the transcription whose try is under way
        self._overtaken = False  # it was erased since that was begun
        self._woken = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many transcriptions are to be projected again."""
        return len(self._tries)

    def wake(self) -> None:
        """Look at what is held: there may be more. Costs nothing when repeated."""
        self._woken.set()

    def erase(self, transcription: str) -> None:
        """Forget its content: a try that has read it is made again."""
        if transcription == self._trying:
            self._overtaken = True
        self._opener.erase(f"{TRANSCRIPTION}{transcription}")

    async def close(self) -> None:
        """End the side process; `run` must have been cancelled before."""
        await self._side_process.close()

    async def run(self) -> NoReturn:
        """Project again what is held for now, as it falls due, until cancelled."""
        while True:
            self._woken.clear()
            try:
                wait_ms = await self._round()
            except StoreError as exc:
                log.warning(
                    "projection.retries_interrupted", reason=str(exc), retry_in_ms=STORE_RETRY_MS
                )
                wait_ms = STORE_RETRY_MS
            with suppress(TimeoutError):
                async with asyncio.timeout(None if wait_ms is None else wait_ms / 1000):
                    await self._woken.wait()

    async def _round(self) -> int | None:
        """Try what is due; return how long until more is, None when nothing is held."""
        held = await read_held(self._views)
        first = self._monotonic() + RETRY_FIRST_MS / 1000
        self._tries = {one: self._tries.get(one) or Tries(due_at=first) for one in held}
        due = [one for one in held if self._tries[one].due_at <= self._monotonic()]
        # Whose turn was longest ago first: what fails again and again is in nobody's way.
        for transcription in sorted(due, key=lambda one: self._tries[one].due_at):
            await self._try(transcription, held[transcription])
        if not self._tries:
            return None
        due_at = min(one.due_at for one in self._tries.values())
        return max(0, int((due_at - self._monotonic()) * 1000))

    async def _try(self, transcription: str, positions: Mapping[str, int]) -> None:
        tries = self._tries[transcription]
        tries.count += 1
        self._trying, self._overtaken = transcription, False
        try:
            mended = await self._project(transcription, positions)
        except StoreError:
            tries.count -= 1  # it was no try: the store, not the process, was not to be had
            tries.due_at = self._monotonic() + STORE_RETRY_MS / 1000
            raise
        except INTERRUPTIONS as exc:
            retry_in_ms = exponential_ms(
                tries.count, first_ms=2 * RETRY_FIRST_MS, ceiling_ms=RETRY_CEILING_MS
            )
            tries.due_at = self._monotonic() + retry_in_ms / 1000
            log.warning(
                "projection.interrupted",
                transcription_id=transcription,
                reason=type(exc).__name__,
                tries=tries.count,
                retry_in_ms=retry_in_ms,
            )
        else:
            if mended:
                del self._tries[transcription]
                log.info("projection.resumed", transcription_id=transcription, tries=tries.count)
        finally:
            self._trying, self._overtaken = "", False

    async def _project(self, transcription: str, positions: Mapping[str, int]) -> bool:
        """Project on from the positions and write; False: it was erased meanwhile, try again."""
        state = await self._views.state()
        projected = Projected(row=await self._row(state, transcription))
        await self._go_on(projected, transcription, positions, until=state.checkpoint.position)
        async with self._turn:  # the views stand still: what came meanwhile is all that is left
            until = (await self._views.state()).checkpoint.position
            await self._go_on(projected, transcription, positions, until=until)
            # As in the projector: nothing may be awaited between this and the call that writes.
            if self._overtaken:
                return False
            await self._views.release(transcription, positions, projected.changes)
        self._mended(transcription)
        return True

    async def _row(self, state: ViewsState, transcription: str) -> StatusRow | None:
        """Return its row, which is as it was before the event that is held."""
        live = [
            one.generation
            for one in state.generations
            if one.state == "live" and one.projection == TRANSCRIPTIONS_VIEW
        ]
        if not live:
            return None
        known = await self._views.known(live[0], live, {transcription})
        return known.rows.get(transcription)

    async def _go_on(
        self, projected: Projected, transcription: str, positions: Mapping[str, int], *, until: int
    ) -> None:
        """Project its events behind what is projected, up to the position `until`.

        Raises:
            StoreUnavailable: The log or the keys cannot be read now.
            SideProcessEnded, MemoryError, OSError: It was interrupted.
        """
        stream = f"{TRANSCRIPTION}{transcription}"
        while True:
            try:
                events = await self._log.read_stream(
                    stream, after=projected.version, limit=EVENTS_PER_READ_MAX
                )
            except RecordDamaged as exc:
                _hold(projected, transcription, positions, exc.position)
                return
            for event in events:
                if event.position > until:
                    return
                names = [
                    name
                    for name, held_at in positions.items()
                    if event.position >= held_at and name not in projected.held
                ]
                if names:
                    opened = await self._opener.read(event, names)
                    made = await project_event(
                        self._side_process, names, opened, projected.row, self._projections
                    )
                    projected.row = status_after(made, projected.row)
                    projected.held |= {one.projection for one in made if isinstance(one, Hold)}
                    projected.changes += made
                projected.version = event.version
            if len(events) < EVENTS_PER_READ_MAX:
                return


def _hold(
    projected: Projected, transcription: str, positions: Mapping[str, int], position: int
) -> None:
    """Hold what is left for good: a record of the stream cannot be read."""
    for name in positions.keys() - projected.held:
        hold = Hold(
            projection=name,
            transcription=transcription,
            position=position,
            reason=UNREADABLE_STREAM,
        )
        projected.changes.append(hold)
        projected.held.add(name)
