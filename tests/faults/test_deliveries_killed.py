"""Killed at every step of a delivery, the gateway tells its customer all the same, and truly."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from stenolog.log.event import Event
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.receiver import Answer, Delivery, Receiver, Reply
from stenolog.simulator.threaded import ThreadedReceiver, ThreadedSimulator
from tests.faults.killed import LOOK_S, PATIENCE_S, Killed, assert_each_once, gateway

BEFORE_THE_OUTBOX = 2  # changes before the first that delivers: the outcome and its projection
SENT_TWICE_MAX = 2  # one death can make one call come again


@pytest.fixture
def provider() -> Iterator[ThreadedSimulator]:
    threaded = ThreadedSimulator(
        Simulator(
            behave=lambda body: Behaviour(queued_ms=0, run_ms=40),
            rules=DeliveryRules(attempts_max=100, spacing_ms=50, timeout_ms=2_000),
        )
    )
    with threaded:
        yield threaded


@pytest.fixture
def customer() -> Iterator[ThreadedReceiver]:
    threaded = ThreadedReceiver(Receiver())
    with threaded:
        yield threaded


def told(killed: Killed, identifier: str) -> int:
    """The status that the customer's webhook is shown to have answered, once it is there."""
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        answer = killed.ask("GET", f"/v2/transcript/{identifier}")
        status = answer[1].get("webhook_status_code") if answer is not None else None
        if isinstance(status, int):
            return status
        killed.revive()
        sleep(LOOK_S)
    raise AssertionError(f"not told in time: {killed.output()}")


def looking(killed: Killed, early: list[str], then: Answer) -> Answer:
    """Answers as `then`; what was told before `GET` showed it is noted in `early`."""

    def answer(delivery: Delivery) -> Reply:
        body = json.loads(delivery.body)
        seen = killed.ask("GET", f"/v2/transcript/{body['transcript_id']}")
        if seen is not None and seen[1]["status"] != body["status"]:
            early.append(f"{body} while GET shows {seen[1]['status']}")
        return then(delivery)

    return answer


def facts(events: list[Event], identifier: str) -> list[tuple[str, object, object]]:
    return [
        (event.type, event.data["attempts"], event.data["status"])
        for event in events
        if event.stream == f"transcription-{identifier}" and event.type.startswith("delivery.")
    ]


def live(killed: Killed, customer: ThreadedReceiver, limit: int | None) -> None:
    """One life with a death after `limit` changes; the customer is told, and the log verifies."""
    early: list[str] = []
    before = len(customer.receiver.deliveries)
    customer.receiver.answer = looking(killed, early, lambda delivery: Reply(status=202))
    killed.start(limit)
    identifier = killed.submit(webhook_url=f"{customer.base_url}/hook?limit={limit}")
    assert killed.wait(identifier)["status"] == "completed"
    assert told(killed, identifier) == 202
    if limit is not None and not killed.deaths:
        dead_of_the_last_change(killed, limit)
        assert told(killed, identifier) == 202
    killed.revive()
    killed.stop_or_die()
    events = killed.verified()
    assert_each_once(events)
    assert facts(events, identifier) == [("delivery.succeeded", 1, 202)]
    got = [
        one
        for one in customer.receiver.deliveries[before:]
        if json.loads(one.body)["transcript_id"] == identifier
    ]
    assert 1 <= len(got) <= SENT_TWICE_MAX
    assert not early


def dead_of_the_last_change(killed: Killed, limit: int) -> None:
    """Return once the last change is made and, if it is the one to die of, once that happened.

    The customer is told, and `GET` shows it, before the delivery is removed.
    """
    deadline = monotonic() + PATIENCE_S
    while "work.remove" not in killed.points():
        assert monotonic() < deadline, killed.output()
        sleep(LOOK_S)
    if len(killed.points()) >= limit:
        killed.wait_for_death(1)


@pytest.mark.timeout(240)
def test_every_change_of_a_delivery_may_be_the_last_of_its_process(
    tmp_path: Path, provider: ThreadedSimulator, customer: ThreadedReceiver
) -> None:
    with gateway(tmp_path / "whole", provider.base_url) as whole:
        live(whole, customer, None)
        points = whole.points()
    assert [point for point in points if point.startswith("work.")] == [
        "work.begin",
        "work.recover",
        "work.add",
        "work.record",
        "work.remove",
    ]
    deaths = 0
    for limit in range(points.index("work.add") + 1 - BEFORE_THE_OUTBOX, len(points) + 1):
        with gateway(tmp_path / f"after-{limit}", provider.base_url) as killed:
            try:
                live(killed, customer, limit)
            except AssertionError as exc:
                exc.add_note(f"after change {limit}: {killed.points()[:limit]}")
                exc.add_note(killed.output())
                raise
            deaths += killed.deaths
    assert deaths >= len(points) - points.index("work.add") - 1


@pytest.mark.timeout(120)
def test_a_call_that_a_death_cut_off_is_made_again(
    tmp_path: Path, provider: ThreadedSimulator, customer: ThreadedReceiver
) -> None:
    with gateway(tmp_path / "killed", provider.base_url) as killed:

        def answer(delivery: Delivery) -> Reply:
            if delivery.number == 1:
                os.kill(killed.pid, signal.SIGKILL)
            return Reply()

        customer.receiver.answer = answer
        killed.start()
        identifier = killed.submit(webhook_url=f"{customer.base_url}/hook")
        assert told(killed, identifier) == 200
        assert killed.deaths == 1
        killed.stop()
        assert facts(killed.verified(), identifier) == [("delivery.succeeded", 1, 200)]
    assert len(customer.receiver.deliveries) == 2


@pytest.mark.timeout(120)
def test_attempts_before_a_death_count(
    tmp_path: Path, provider: ThreadedSimulator, customer: ThreadedReceiver
) -> None:
    with gateway(tmp_path / "killed", provider.base_url) as killed:

        def answer(delivery: Delivery) -> Reply:
            if delivery.number == 2:
                os.kill(killed.pid, signal.SIGKILL)
            return Reply(status=500 if delivery.number < 3 else 200)

        customer.receiver.answer = answer
        killed.start()
        identifier = killed.submit(webhook_url=f"{customer.base_url}/hook")
        assert told(killed, identifier) == 200
        assert killed.deaths == 1
        killed.stop()
        # The second call was cut off before it was written down: it is not counted.
        assert facts(killed.verified(), identifier) == [("delivery.succeeded", 2, 200)]
    assert len(customer.receiver.deliveries) == 3


@pytest.mark.timeout(120)
def test_a_clean_stop_ends_no_delivery(
    tmp_path: Path, provider: ThreadedSimulator, customer: ThreadedReceiver
) -> None:
    customer.receiver.answer = lambda delivery: Reply(status=500 if delivery.number < 3 else 200)
    with gateway(tmp_path / "stopped", provider.base_url) as stopped:
        stopped.start()
        identifier = stopped.submit(webhook_url=f"{customer.base_url}/hook")
        stopped.wait(identifier)
        stopped.stop()
        stopped.start()
        assert told(stopped, identifier) == 200
        stopped.stop()
        assert facts(stopped.verified(), identifier) == [("delivery.succeeded", 3, 200)]
