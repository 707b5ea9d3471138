"""Killed after each of its changes, the gateway never leaves two providers with a job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stenolog.simulator.aimlapi.behaviour import Behaviour as AimlapiBehaviour
from stenolog.simulator.aimlapi.provider import AimlapiSimulator
from stenolog.simulator.assemblyai.behaviour import MISSING, UNAUTHENTICATED, Behaviour
from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedAimlapiSimulator, ThreadedSimulator
from tests.faults.killed import Killed, assert_each_once, gateway

BOTH = {"Stenolog-Providers": "assemblyai, aimlapi"}
ANSWERS_LOST_MAX = 2  # AIMLAPI has no list: a create whose answer the death took is made again
STEP, UNREACHED_MAX = 5, 2
DAYS = {
    "refuses": Behaviour(create_faults=(UNAUTHENTICATED,) * 99),
    "loses_replies": Behaviour(run_ms=40, lost_reply=True, callbacks=MISSING),
}


@dataclass(frozen=True)
class Providers:
    """The one that is asked first, and the other."""

    first: Simulator
    second: AimlapiSimulator
    second_url: str


@pytest.fixture
def providers() -> Iterator[Providers]:
    first = Simulator(rules=DeliveryRules(attempts_max=100, spacing_ms=50, timeout_ms=2_000))
    second = AimlapiSimulator(behave=lambda fields: AimlapiBehaviour(run_ms=20))
    with ThreadedSimulator(first), ThreadedAimlapiSimulator(second) as url:
        yield Providers(first, second, f"{url}/v1")


def live(killed: Killed, providers: Providers, day: str, limit: int | None) -> bool:
    """One life with a death after `limit` changes; whether it came."""
    firsts, seconds = len(providers.first.jobs), len(providers.second.jobs)
    killed.start(limit)
    identifier = killed.submit()
    assert killed.wait(identifier)["status"] == "completed"
    killed.revive()
    killed.kill()
    events = killed.verified()
    assert_each_once(events)
    claims = [one.data["provider"] for one in events if one.type == "submission.claimed"]
    outcomes = [one.data["provider"] for one in events if one.type == "transcription.completed"]
    first, second = providers.first.jobs[firsts:], providers.second.jobs[seconds:]
    asked = sum(one.type == "transcription.requested" for one in events)
    if day == "refuses":
        assert not first
        assert 1 <= len(second) <= asked - 1 + ANSWERS_LOST_MAX
        assert None in claims
        assert set(outcomes) == {"aimlapi"}
    else:
        assert not second, "the job of the lost reply was found, and nobody else was asked"
        assert 1 <= len([job for job in first if not job.deleted]) <= asked
        assert set(claims) == set(outcomes) == {None}
    return killed.deaths > 0


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(STEP, marks=pytest.mark.timeout(120)),
        pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
    ],
)
def test_no_death_leaves_a_job_at_both(
    tmp_path: Path, providers: Providers, day: str, step: int
) -> None:
    providers.first.behave = lambda body: DAYS[day]

    def one(name: str, limit: int | None) -> tuple[bool, list[str]]:
        url = providers.first.base_url
        with gateway(tmp_path / name, url, beside=providers.second_url, headers=BOTH) as killed:
            try:
                return live(killed, providers, day, limit), killed.points()
            except AssertionError as exc:
                exc.add_note(f"after change {limit}: {killed.points()[:limit]}")
                exc.add_note(killed.output())
                raise

    _, points = one("whole", None)
    reached = [one(f"after-{limit}", limit)[0] for limit in range(1, len(points) + 1, step)]
    assert reached.count(False) <= UNREACHED_MAX
