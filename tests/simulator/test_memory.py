"""The simulator remembers the newest, however long it runs."""

from __future__ import annotations

import pytest

from stenolog.simulator.assemblyai import days, provider
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.memory import JOBS_MAX, MADE_MAX
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.named_days import GIVEN_MAX
from stenolog.wire.assemblyai.transcript_request import parse_request

FEW = Behaviour(run_ms=0, seconds=3)


def made(simulator: Simulator, number: int) -> str:
    request = parse_request(b'{"audio_url": "https://a.example/%d.mp3"}' % number)
    return simulator.make_job(request, FEW).id


@pytest.fixture
async def simulator() -> Simulator:
    opened = Simulator()
    async with opened.serve():
        return opened


async def test_of_jobs_the_newest_are_kept_in_order(simulator: Simulator) -> None:
    first = made(simulator, 0)
    for number in range(JOBS_MAX):
        last = made(simulator, number)
    assert len(simulator.jobs) == JOBS_MAX
    assert simulator.memory.find(first, simulator.now_ms()) is None
    assert simulator.jobs[-1].id == last
    assert simulator.jobs[-1].number == JOBS_MAX + 1


async def test_what_was_made_up_is_made_again_the_same(simulator: Simulator) -> None:
    ids = [made(simulator, number) for number in range(MADE_MAX + 1)]
    (first, *_) = simulator.jobs
    said = first.result()
    for job in simulator.jobs:
        job.result()
    assert len(simulator.memory.made) == MADE_MAX
    assert ids[0] not in simulator.memory.made
    assert first.result() == said


def test_faults_are_counted_for_the_newest_audio() -> None:
    simulator, faulty = Simulator(), days.DAYS["create-500"].behaviour
    requests = [
        parse_request(b'{"audio_url": "https://a.example/%d.mp3"}' % number)
        for number in range(provider.FAULTY_MAX + 1)
    ]
    for request in requests:
        assert simulator.next_fault(request, faulty) is not None
    assert simulator.next_fault(requests[-1], faulty) is None
    assert simulator.next_fault(requests[0], faulty) is not None


def test_the_newest_audio_keeps_its_day() -> None:
    behave = days.in_turn(["create-500", "create-503"])
    first = behave({"audio_url": "0"})
    assert behave({"audio_url": "0"}) is first
    for number in range(GIVEN_MAX):
        behave({"audio_url": f"https://a.example/{number}"})
    assert behave({"audio_url": "0"}) is not first
