"""Project one opened event: here, or beside the event loop when its body is large."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from stenolog.projections.projection import Projection
from stenolog.projections.rows import Change, Hold, StatusRow
from stenolog.projections.run.registry import OpenedEvent, acts_on, project
from stenolog.side_process import SideProcess, SideProcessEnded

INLINE_BYTES_MAX = 64 << 10  # some 10 ms
# A thread lets the event loop go on every 5 ms, and has not to be started as a process has.
THREAD_BYTES_MAX = 512 << 10  # DECISIONS 31: larger bodies would hold the interpreter too long
# DECISIONS 101: what says nothing of the event. The process was killed, hung, could not begin,
# or had no memory.
INTERRUPTIONS = (SideProcessEnded, MemoryError, OSError)


async def project_event(
    side_process: SideProcess,
    names: Sequence[str],
    opened: OpenedEvent,
    current: StatusRow | None,
    projections: Mapping[str, Projection],
) -> tuple[Change, ...]:
    """Project the event with the named projections.

    Raises:
        SideProcessEnded, MemoryError, OSError: It could not be done now: see `INTERRUPTIONS`.
    """
    if opened.size > THREAD_BYTES_MAX:
        return await side_process.run(
            project, tuple(names), opened, current, projections, size=opened.size
        )
    if opened.size > INLINE_BYTES_MAX:
        return await asyncio.to_thread(project, names, opened, current, projections)
    if opened.payload is not None:
        await asyncio.sleep(0)  # each body holds the event loop on its own, never two together
    return project(names, opened, current, projections)


def held_for_now(
    names: Iterable[str],
    opened: OpenedEvent,
    projections: Mapping[str, Projection],
    interruption: BaseException,
) -> tuple[Hold, ...]:
    """Hold the event in every named projection that acts on it, until it is projected again."""
    reason = f"interrupted ({type(interruption).__name__}), and tried again"
    return tuple(
        Hold(
            projection=name,
            transcription=opened.transcription,
            position=opened.event.position,
            reason=reason,
            for_now=True,
        )
        for name in names
        if acts_on(projections[name], opened.event)
    )
