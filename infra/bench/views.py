"""Every view of a one-hour transcript with every feature, against `json.loads` of it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.bench.figures import Figure, at_most
from infra.bench.transcripts import EVERY_FEATURE, answer, request_payload
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.clock import now_us, rfc3339
from stenolog.commands.transcription.state import Transcription
from stenolog.compliance.data_keys import DataKey
from stenolog.encryption import KEY_BYTES
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.event import Event
from stenolog.log.recorder import new_id
from stenolog.projections.rows import Change, StatusRow
from stenolog.projections.run.registry import OpenedEvent, project, status_after
from stenolog.projections.run.states import next_state
from stenolog.side_process import SideProcess
from stenolog.stores.sqlite.views.store import SqliteViews

SECONDS_OF_AUDIO = 3_600.0
ROUNDS = 7
RATIO_MAX = 10.0
HELD_MS_MAX = 20.0  # our goal: nothing holds the event loop longer
TICK_SECONDS = 0.001
NAMES = tuple(PROJECTIONS)


class OneKey:
    """Has the same key for every stream."""

    async def known_keys(self, streams: Collection[str]) -> Mapping[str, DataKey]:
        """Return it, for each of them."""
        return {stream: DataKey("one", b"k" * KEY_BYTES, b"") for stream in streams}


async def measure(place: Path) -> Sequence[Figure]:
    """The best of several rounds of each, and how long the event loop was ever held."""
    body = answer("hour", SECONDS_OF_AUDIO, EVERY_FEATURE)
    opened, current = _completed(body)
    loads_ms = _best_ms(lambda: json.loads(body))
    project_ms = _best_ms(lambda: project(NAMES, opened, current, PROJECTIONS))
    written_ms, held_ms = await _in_worker(place, opened, current)
    detail = {"body_bytes": len(body), "json_loads_ms": loads_ms, "project_ms": project_ms}
    return [
        Figure(
            name="all views of one hour / json.loads",
            value=project_ms / loads_ms,
            wanted=at_most(RATIO_MAX),
            detail=detail,
        ),
        Figure(name="  in the worker and written to views.db", value=written_ms, unit="ms"),
        Figure(
            name="longest hold of the event loop meanwhile",
            value=held_ms,
            unit="ms",
            wanted=at_most(HELD_MS_MAX),
        ),
    ]


def _completed(body: bytes) -> tuple[OpenedEvent, StatusRow | None]:
    """The event that ends a transcription, and its row before that."""
    stream = f"transcription-{uuid.uuid4()}"
    request = request_payload(EVERY_FEATURE)
    asked = {"provider": "assemblyai", "region": "us", "surface": "v2", "upload": None}
    requested = _event(stream, 1, "transcription.requested", asked)
    state = next_state(Transcription(id=stream.removeprefix("transcription-")), requested)
    first = OpenedEvent(event=requested, payload=request, state=state)
    current = status_after(project(NAMES, first, None, PROJECTIONS), None)
    found = {
        "submission": 1,
        "reason": "callback",
        "audio_ms": int(SECONDS_OF_AUDIO * 1000),
        "words": 9_000,
    }
    last = _event(stream, 2, "transcription.completed", found)
    state = next_state(state, last)
    return OpenedEvent(event=last, payload=body, request=request, state=state), current


def _event(stream: str, version: int, event_type: str, data: dict[str, Any]) -> Event:
    return Event(
        position=version,
        id=new_id(),
        stream=stream,
        version=version,
        previous=version - 1,
        sequence=version,
        type=event_type,
        time=rfc3339(now_us()),
        tenant=str(uuid.uuid4()),
        actor=str(uuid.uuid4()),
        correlation_id=new_id(),
        causation_id=None,
        data=data,
        commitment="0" * 64,
    )


def _best_ms(work: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took) * 1000


async def _in_worker(
    place: Path, opened: OpenedEvent, current: StatusRow | None
) -> tuple[float, float]:
    """Milliseconds from payload to committed rows, and the longest that the loop was held."""
    worker, views = SideProcess(), await SqliteViews.open(place / "views.db", OneKey())
    try:
        for name in NAMES:
            await views.begin(name, PROJECTIONS[name].version, live=True)
        await worker.run(
            project, tuple(NAMES), opened, current, PROJECTIONS
        )  # the process has started
        state = await views.state()
        holding = asyncio.create_task(_longest_hold_ms())
        began = time.perf_counter()
        changes: Sequence[Change] = await worker.run(
            project, tuple(NAMES), opened, current, PROJECTIONS
        )
        checkpoint = Checkpoint(position=1, event_id=opened.event.id)
        await views.advance(changes, after=state.checkpoint.position, to=checkpoint)
        took_ms = (time.perf_counter() - began) * 1000
        holding.cancel()
        return took_ms, await holding
    finally:
        await worker.close()
        await views.close()


async def _longest_hold_ms() -> float:
    """Until cancelled: the longest that a tick came late."""
    longest = 0.0
    try:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            longest = max(longest, time.perf_counter() - began - TICK_SECONDS)
    except asyncio.CancelledError:
        return longest * 1000
