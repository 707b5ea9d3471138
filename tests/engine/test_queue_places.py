"""Whoever waits for the engine is told behind how many, and for how long as recent jobs went."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from stenolog.bootstrap.engine_queue import ANSWER_BYTES_MAX, FRESH_MS, EngineQueue
from stenolog.edge.loops import QueuePlace
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.engine.host.jobs import Job
from stenolog.engine.host.queue_places import Place, places
from stenolog.engine.options import SpeechOptions
from stenolog.providers.connection import ServiceAddress
from tests.engine.engine_process import EngineProcess
from tests.engine.sounds import recording

pytestmark = pytest.mark.xdist_group("engine")
S = 1_000_000  # in us, as the times of jobs


def job(name: str, **changes: Any) -> Job:
    made = Job(id=name, params={}, options=SpeechOptions(), created_us=0)
    return replace(made, **changes)


def done(name: str, seconds: int, audio_ms: int | None, **changes: Any) -> Job:
    times: dict[str, Any] = {"began_us": S, "completed_us": S + seconds * S, "audio_ms": audio_ms}
    return job(name, status="completed", **times, **changes)


DONE = (done("a", 10, 100_000), done("b", 20, 200_000))  # ten times real time, 15 s a job


def test_whoever_came_first_is_the_next() -> None:
    running = job("c", status="processing", began_us=100 * S, audio_ms=300_000)
    waiting = (job("d", status="processing"), job("e"), job("f", status="error"), job("g"))
    assert places((*DONE, running, *waiting), 1, 110 * S) == {
        "c": Place(position=0, expected_ms=20_000),
        "d": Place(position=1, expected_ms=35_000),
        "e": Place(position=2, expected_ms=50_000),
        "g": Place(position=3, expected_ms=65_000),
    }


def test_two_workers_share_what_waits() -> None:
    running = job("c", status="processing", began_us=100 * S, audio_ms=300_000)
    assert places((*DONE, running, job("d")), 2, 100 * S)["d"].expected_ms == 30_000


def test_a_job_that_takes_longer_than_it_should_is_about_to_end() -> None:
    running = job("c", status="processing", began_us=S)
    assert places((*DONE, running), 1, 900 * S)["c"] == Place(position=0, expected_ms=0)


def test_before_any_job_has_ended_only_the_place_is_known() -> None:
    untold = (done("x", 5, None), done("y", 5, 100, deleted=True), job("c"))
    assert places(untold[::2], 1, S) == {"c": Place(position=1, expected_ms=None)}
    assert places((), 1, S) == {}


def test_a_full_queue_fits_into_an_answer() -> None:
    names = [f"{number:053}" for number in range(1_000)]
    full = places((*DONE, *map(job, names)), 1, S)
    written = json.dumps({name: asdict(place) for name, place in full.items()})
    assert ANSWER_BYTES_MAX / 4 < len(written) < ANSWER_BYTES_MAX


async def test_the_engine_tells_its_queue_to_the_gateway(engine: EngineProcess) -> None:
    uploads = [engine.upload(recording("beckett")) for _ in range(3)]
    ids = [engine.create(audio_url=url)["id"] for url in uploads]
    egress = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]))
    address: list[ServiceAddress | None] = [
        ServiceAddress(base_url=engine.url, api_key=engine.api_key)
    ]
    queue = EngineQueue(egress, lambda: address[0])
    first, last = await queue.place_of(ids[0]), await queue.place_of(ids[2])
    assert isinstance(last, QueuePlace)
    assert first is None or first.position < last.position <= 3
    told = engine.get(ids[2])
    if told["status"] in ("queued", "processing"):
        assert told["stenolog"]["queue"].keys() == {"position", "expected_ms"}
    for one in ids:
        assert engine.finished(one)["status"] == "completed"
    await asyncio.sleep(FRESH_MS / 1_000)
    assert await queue.place_of(ids[2]) is None
    assert "queue" not in engine.get(ids[2]).get("stenolog", {})
    address[0] = None
    await asyncio.sleep(FRESH_MS / 1_000)
    assert await queue.place_of(ids[2]) is None
    await egress.aclose()
