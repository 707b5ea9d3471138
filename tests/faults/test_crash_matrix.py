"""Killed after each of its changes, the gateway finishes what it accepted, and pays once.

The changes of a run are counted first. Then each number of changes has a run of its own that ends
there with SIGKILL; the next process gets no limit.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from stenolog.simulator.assemblyai.behaviour import MISSING, Behaviour
from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from tests.faults.killed import Killed, assert_each_once, gateway

TRANSCRIPTIONS = {"behaves": 2, "loses_replies": 1}
UNREACHED_MAX = 2  # of a life at the same pace; at another, one of twenty
DAYS = {
    "behaves": Behaviour(queued_ms=0, run_ms=40),
    "loses_replies": Behaviour(queued_ms=0, run_ms=40, lost_reply=True, callbacks=MISSING),
}


@pytest.fixture
def provider() -> Iterator[ThreadedSimulator]:
    """It outlives every gateway, and calls again until one answers."""
    threaded = ThreadedSimulator(
        Simulator(rules=DeliveryRules(attempts_max=100, spacing_ms=50, timeout_ms=2_000))
    )
    with threaded:
        yield threaded


def finish(killed: Killed, simulator: Simulator, accepted: list[str], earlier: int = 0) -> None:
    """What was promised holds: outcomes, one job each, and a log that verifies.

    The first `earlier` jobs of the simulator are another gateway's.
    """
    for identifier in accepted:
        assert killed.wait(identifier)["status"] == "completed"
    killed.revive()
    killed.kill()
    events = killed.verified()
    assert_each_once(events)
    completed = {e.stream for e in events if e.type == "transcription.completed"}
    assert {f"transcription-{identifier}" for identifier in accepted} <= completed
    # What was written down and never answered has one job at most, like everything else.
    live_jobs = [job for job in simulator.jobs[earlier:] if not job.deleted]
    assert set(Counter(job.request.audio_url for job in live_jobs).values()) == {1}
    assert len(completed) <= len(live_jobs)


def live(killed: Killed, simulator: Simulator, limit: int | None, count: int) -> bool:
    """One life with a death after `limit` changes; whether it came."""
    earlier = len(simulator.jobs)
    killed.start(limit)
    accepted = [killed.submit() for _ in range(count)]
    finish(killed, simulator, accepted, earlier)
    return killed.deaths > 0


def matrix(
    tmp_path: Path,
    provider: ThreadedSimulator,
    count: int,
    *,
    first: int = 1,
    step: int = 1,
    missing: float = 0.05,
) -> None:
    """A life for each change from the `first`, every `step`-th; hardly any may be missing.

    `missing`: the share of lives that may be over before.
    """
    with gateway(tmp_path / "whole", provider.base_url) as whole:
        live(whole, provider.simulator, None, count)
        points = whole.points()
    unreached = []
    for limit in range(first, len(points) + 1, step):
        with gateway(tmp_path / f"after-{limit}", provider.base_url) as killed:
            try:
                if not live(killed, provider.simulator, limit, count):
                    unreached.append((limit, points[limit - 1]))
            except AssertionError as exc:
                exc.add_note(f"after change {limit}: {killed.points()[:limit]}")
                exc.add_note(killed.output())
                raise
    print(f"{len(points)} points, not reached: {unreached}")
    lives = len(range(first, len(points) + 1, step))
    assert len(unreached) <= max(UNREACHED_MAX, lives * missing), unreached


@pytest.mark.timeout(240)
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(
    "parity",
    [
        pytest.param(0, marks=pytest.mark.xdist_group("crash-even")),
        pytest.param(1, marks=pytest.mark.xdist_group("crash-odd")),
    ],
)
def test_every_change_may_be_the_last_of_its_process(
    tmp_path: Path, provider: ThreadedSimulator, day: str, parity: int
) -> None:
    provider.simulator.behave = lambda body: DAYS[day]
    matrix(tmp_path, provider, TRANSCRIPTIONS[day], first=1 + parity, step=2)


@pytest.mark.soak
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", range(10))
def test_every_change_may_be_the_last_at_any_pace(
    tmp_path: Path, provider: ThreadedSimulator, seed: int
) -> None:
    dice = random.Random(seed)
    provider.simulator.latency_ms = dice.choice((0, 5, 30))
    provider.simulator.behave = lambda body: Behaviour(
        queued_ms=0,
        run_ms=dice.randrange(150),
        lost_reply=dice.random() < 0.3,
        held_reply_ms=dice.choice((0, 0, 100)),
    )
    # Each life throws the dice anew: one with fewer lost replies has fewer changes than the first.
    matrix(tmp_path, provider, dice.randint(1, 4), missing=0.25)


def paid_twice(killed: Killed, simulator: Simulator, limit: int | None) -> None:
    """The list never shows the first job, and its callback comes when the second has ended."""
    created = 0

    def behave(body: object) -> Behaviour:
        nonlocal created
        created += 1
        if created == 1:
            return Behaviour(lost_reply=True, listed_after_ms=60_000, run_ms=1_800)
        return Behaviour(queued_ms=0, run_ms=20)

    simulator.behave = behave
    earlier = len(simulator.jobs)
    killed.start(limit)
    identifier = killed.submit()
    killed.wait(identifier)
    killed.wait_for_event(identifier, "submission.removed")
    finish(killed, simulator, [identifier], earlier)


@pytest.mark.timeout(120)
@pytest.mark.xdist_group("crash-odd")
def test_loose_ends_beyond_the_end_survive_as_well(
    tmp_path: Path, provider: ThreadedSimulator
) -> None:
    with gateway(tmp_path / "whole", provider.base_url) as whole:
        paid_twice(whole, provider.simulator, None)
        points = whole.points()
    # From the deletion a few changes back: the callback, the adoption, that it is superseded.
    last = points.index("provider.delete") + 1
    for limit in range(last - 4, last + 1):
        with gateway(tmp_path / f"after-{limit}", provider.base_url) as killed:
            paid_twice(killed, provider.simulator, limit)


@pytest.mark.soak
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", range(20))
def test_any_moment_may_be_the_last(tmp_path: Path, provider: ThreadedSimulator, seed: int) -> None:
    dice = random.Random(seed)
    simulator = provider.simulator
    with gateway(tmp_path / "killed", provider.base_url) as killed:
        accepted: list[str] = []
        simulator.behave = lambda body: Behaviour(
            queued_ms=0,
            run_ms=dice.randrange(200),
            lost_reply=dice.random() < 0.3,
            held_reply_ms=dice.choice((0, 0, 100)),
        )
        killed.start()
        for death in range(1, 31):
            timer = Timer(dice.random() * 1.5, os.kill, (killed.pid, signal.SIGKILL))
            timer.start()
            accepted += [killed.submit() for _ in range(3)]
            timer.join()
            killed.wait_for_death(death)
        finish(killed, simulator, accepted)
