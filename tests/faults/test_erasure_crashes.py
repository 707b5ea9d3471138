"""Killed after each change that an erasure makes, the gateway finishes it after its next start.

The DELETE that was never answered is not asked again: that the request is in the log is enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from tests.faults.killed import LOOK_S, PATIENCE_S, Killed, gateway

SAID = "the-sentence-that-must-go"
AUDIO = b"the-audio-that-must-go" * 100


@pytest.fixture
def provider() -> Iterator[ThreadedSimulator]:
    """It outlives every gateway."""
    rules = DeliveryRules(attempts_max=100, spacing_ms=50, timeout_ms=2_000)
    threaded = ThreadedSimulator(Simulator(rules=rules))
    with threaded:
        yield threaded


def finished(killed: Killed) -> str:
    """A transcription of an upload that is done, and in the views."""
    answer = None
    deadline = monotonic() + PATIENCE_S
    while answer is None and monotonic() < deadline:
        answer = killed.ask("POST", "/v2/upload", AUDIO)
        sleep(LOOK_S)
    assert answer is not None
    body = json.dumps({"audio_url": answer[1]["upload_url"], "prompt": SAID}).encode()
    created = killed.ask("POST", "/v2/transcript", body)
    assert created is not None
    identifier = str(created[1]["id"])
    assert killed.wait(identifier)["text"] == SAID
    return identifier


def erased(killed: Killed, identifier: str, simulator: Simulator) -> None:
    """What was asked for is done: here, at the provider, and in the log."""
    killed.wait_for_event(identifier, "erasure.completed")
    deadline = monotonic() + PATIENCE_S
    # The last change comes after the event: the process may die before it answers this.
    while (found := killed.ask("GET", f"/v2/transcript/{identifier}")) is None:
        assert monotonic() < deadline, killed.output()
        killed.revive()
        sleep(LOOK_S)
    assert (found[1]["text"], found[1]["words"]) == ("Deleted by user.", None)
    killed.kill()
    events = killed.verified()
    types = [event.type for event in events if event.stream == f"transcription-{identifier}"]
    assert types.count("erasure.requested") == types.count("erasure.completed") == 1
    assert [event.type for event in events if event.stream.startswith("upload-")] == [
        "upload.stored",
        "upload.used",
        "upload.released",
    ]
    assert all(job.deleted for job in simulator.jobs)
    assert list((killed.data / "uploads").iterdir()) == []
    for file in killed.data.rglob("*"):
        assert not file.is_file() or SAID.encode() not in file.read_bytes(), file


def live(killed: Killed, simulator: Simulator, limit: int | None, done: int) -> int:
    """One erasure; the process dies `limit` changes after the first `done`; changes before it."""
    killed.start(None if limit is None else done + limit)
    identifier = finished(killed)
    before = len(killed.points())
    killed.ask("DELETE", f"/v2/transcript/{identifier}")
    if limit is not None:
        # Who is not answered may ask again; what is in the log happens even if nobody does.
        deadline = monotonic() + PATIENCE_S
        while not _requested(killed, identifier):
            assert monotonic() < deadline, killed.output()
            killed.revive()
            killed.ask("DELETE", f"/v2/transcript/{identifier}")
            sleep(LOOK_S)
    erased(killed, identifier, simulator)
    return before


def _requested(killed: Killed, identifier: str) -> bool:
    answer = killed.ask("GET", f"/api/v1/transcripts/{identifier}/events?limit=200")
    return answer is not None and "erasure.requested" in json.dumps(answer[1])


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("crash-even")
def test_every_change_of_an_erasure_may_be_the_last_of_its_process(
    tmp_path: Path, provider: ThreadedSimulator
) -> None:
    simulator = provider.simulator
    simulator.behave = lambda body: Behaviour(
        queued_ms=0, run_ms=20, result={"text": SAID, "words": [], "audio_duration": 3}
    )
    with gateway(tmp_path / "whole", provider.base_url) as whole:
        done = live(whole, simulator, None, 0)
        points = whole.points()
    assert {
        "keys.destroy_data_key",
        "views.erase",
        "search.erase",
        "provider.delete",
        "uploads.discard",
    } <= set(points[done:])
    deaths = 0
    for limit in range(1, len(points) - done + 1):
        with gateway(tmp_path / f"after-{limit}", provider.base_url) as killed:
            try:
                live(killed, simulator, limit, done)
            except AssertionError as exc:
                exc.add_note(f"after change {limit}: {killed.points()}")
                exc.add_note(killed.output())
                raise
            deaths += killed.deaths
    assert deaths >= len(points) - done - 2  # views may be committed in fewer steps
