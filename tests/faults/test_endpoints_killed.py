"""Killed while it pushes events, the gateway tells each endpoint of all of them, in order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Set
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.receiver import Receiver
from stenolog.simulator.threaded import ThreadedReceiver, ThreadedSimulator
from tests.faults.killed import LOOK_S, PATIENCE_S, Killed, gateway

PATHS = ("/a", "/b", "/c")
TRANSCRIPTIONS = 4
DEATHS = 3


@pytest.mark.timeout(120)
def test_each_endpoint_gets_every_event_in_order_over_three_deaths(tmp_path: Path) -> None:
    provider = ThreadedSimulator(Simulator(behave=lambda body: Behaviour(queued_ms=0, run_ms=40)))
    customer = ThreadedReceiver(Receiver())
    with provider, customer, gateway(tmp_path / "killed", provider.base_url) as killed:
        receiver = customer.receiver
        killed.start()
        for path in PATHS:
            until(killed, partial(made, killed, customer.base_url + path))
        for number in range(TRANSCRIPTIONS):
            awaited = len(receiver.deliveries) + number + 1
            identifier = killed.submit()
            if number < DEATHS:
                until(killed, partial(has_come, receiver, awaited))
                killed.kill()
                killed.revive()
            assert killed.wait(identifier)["status"] == "completed"
        told = feed(killed)
        ids = {event["id"] for event in told}
        for path in PATHS:
            until(killed, partial(has_all, receiver, path, ids))
            assert_in_order(told, events(receiver, path))
        assert killed.deaths == DEATHS
        got = receiver.deliveries
        assert {one.headers["webhook-id"] for one in got} == ids
        assert all(one.headers["webhook-id"] == json.loads(one.body)["id"] for one in got)
        killed.stop()
        killed.verified()


def assert_in_order(told: list[dict[str, Any]], came: list[dict[str, Any]]) -> None:
    """What came first is in the feed's order in each transcription; a repetition says the same."""
    first = {event["id"]: event for event in reversed(came)}
    assert all(event == first[event["id"]] for event in came)
    assert by_subject(told) == by_subject(list({event["id"]: event for event in came}.values()))


def by_subject(told: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for event in told:
        found[event["subject"]].append(event["sequence"])
    return found


def made(killed: Killed, url: str) -> bool:
    body = json.dumps({"url": url}).encode()
    answer = killed.ask("POST", "/api/v1/endpoints", body, {"content-type": "application/json"})
    assert answer is None or answer[0] == 201, answer
    return answer is not None


def feed(killed: Killed) -> list[dict[str, Any]]:
    """All public events of the transcriptions, once each has told its outcome."""
    found: list[dict[str, Any]] = []

    def complete() -> bool:
        answer = killed.ask("GET", "/api/v1/events?after=0&limit=200")
        items: Any = [] if answer is None else answer[1]["items"]
        found[:] = [one for one in items if one["type"].startswith("stenolog.transcription.")]
        done: int = sum(one["type"].endswith(".completed") for one in found)
        return done == TRANSCRIPTIONS

    until(killed, complete)
    return found


def events(receiver: Receiver, path: str) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in receiver.deliveries if one.path == path]


def has_come(receiver: Receiver, count: int) -> bool:
    return len(receiver.deliveries) >= count


def has_all(receiver: Receiver, path: str, ids: Set[str]) -> bool:
    return ids <= {event["id"] for event in events(receiver, path)}


def until(killed: Killed, holds: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_S
    while not holds():
        assert monotonic() < deadline, killed.output()
        sleep(LOOK_S)
