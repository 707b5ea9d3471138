"""Killed at random for minutes with two providers side by side: nothing is lost, or paid twice."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from time import monotonic

import pytest

from stenolog.log.event import Event
from stenolog.simulator.aimlapi import behaviour as aimlapi
from stenolog.simulator.aimlapi.provider import AimlapiSimulator
from stenolog.simulator.assemblyai import behaviour as assemblyai
from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedAimlapiSimulator, ThreadedSimulator
from stenolog.wire.assemblyai import sentences
from tests.faults.killed import Killed, assert_each_once, gateway

RUN_S = float(os.environ.get("STENOLOG_TEST_KILLED_S", "180"))
LIFE_S_MAX = 3.0
AT_ONCE = 4  # asked for between two looks at whether it is alive
ORDERS = ("assemblyai", "aimlapi", "assemblyai,aimlapi", "aimlapi,assemblyai")


def first_day(dice: random.Random) -> assemblyai.Behaviour:
    run_ms, drawn = dice.randrange(300), dice.random()
    if drawn < 0.15:
        return assemblyai.Behaviour(run_ms=run_ms, lost_reply=True, callbacks=())
    if drawn < 0.3:
        return assemblyai.Behaviour(run_ms=run_ms, callbacks=assemblyai.MISSING)
    if drawn < 0.35:
        return assemblyai.Behaviour(run_ms=run_ms, error=sentences.SERVER_ERROR)
    if drawn < 0.4:
        return assemblyai.Behaviour(create_faults=(assemblyai.UNAVAILABLE,))
    return assemblyai.Behaviour(run_ms=run_ms, held_reply_ms=dice.choice((0, 0, 100)))


def second_day(dice: random.Random) -> aimlapi.Behaviour:
    run_ms, drawn = dice.randrange(1_500), dice.random()
    if drawn < 0.1:
        return aimlapi.Behaviour(run_ms=run_ms, lost_reply=True)
    if drawn < 0.2:
        return aimlapi.Behaviour(run_ms=run_ms, create_faults=(aimlapi.UNAVAILABLE,))
    return aimlapi.Behaviour(run_ms=run_ms)


def load(killed: Killed, dice: random.Random) -> Sequence[str]:
    """Transcriptions are asked for all the time, and the gateway dies again and again."""
    accepted: list[str] = []
    ends, deaths = monotonic() + RUN_S, 0
    killed.start()
    while monotonic() < ends:
        deaths += 1
        timer = Timer(dice.random() * LIFE_S_MAX, os.kill, (killed.pid, signal.SIGKILL))
        timer.start()
        while timer.is_alive():
            for _ in range(AT_ONCE):
                accepted.append(killed.submit({"Stenolog-Providers": dice.choice(ORDERS)}))
        timer.join()
        killed.wait_for_death(deaths)
    return accepted


def claims_of(events: Sequence[Event]) -> Mapping[str, Sequence[Event]]:
    """What was written about submissions, by transcription."""
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.type.startswith("submission."):
            found[event.stream].append(event)
    return found


def untold(submissions: Sequence[Event]) -> int:
    """How many of the claims nobody could tell of."""
    return sum(
        one.type == "submission.abandoned" and one.data["reason"] == "not-listed"
        for one in submissions
    )


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_killed_at_random_for_minutes_nothing_is_lost_and_nobody_paid_twice(
    tmp_path: Path,
) -> None:
    dice = random.Random(13)
    rules = DeliveryRules(attempts_max=100, spacing_ms=50, timeout_ms=2_000)
    first = Simulator(rules=rules, behave=lambda body: first_day(dice))
    second = AimlapiSimulator(behave=lambda fields: second_day(dice))
    with (
        ThreadedSimulator(first) as first_url,
        ThreadedAimlapiSimulator(second) as second_url,
        gateway(tmp_path / "both", first_url, beside=f"{second_url}/v1") as killed,
    ):
        accepted = load(killed, dice)
        killed.kill()
        killed.start()  # what nobody called back for is looked for after a start
        ended = Counter(str(killed.wait(identifier)["status"]) for identifier in accepted)
        killed.kill()
        events = killed.verified()
    assert_each_once(events)
    print(f"{len(accepted)} accepted, {killed.deaths} deaths, {dict(ended)}")
    print(f"{len(first.jobs)} jobs at the first, {len(second.jobs)} at the second")
    check_payments(first, second, events)


def check_payments(first: Simulator, second: AimlapiSimulator, events: Sequence[Event]) -> None:
    """Of each audio one provider has one job with a result; of AIMLAPI as many as nobody knew."""
    live = Counter(
        job.request.audio_url
        for job in first.jobs
        if not job.deleted and job.behaviour.error is None
    )
    assert set(live.values()) <= {1}
    there = Counter(job.audio.url for job in second.jobs)
    assert not live.keys() & there.keys(), "two providers were paid for one audio"
    doubled = sum(count - 1 for count in there.values())
    unknown = sum(untold(one) for one in claims_of(events).values())
    assert doubled <= unknown
