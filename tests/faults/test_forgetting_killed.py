"""Killed again and again, each time a little later, the gateway finishes what was ordered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from stenolog.stores.files.key_files import read_master_key, read_next_master_key
from tests.faults.killed import LOOK_S, PATIENCE_S, Killed, gateway

SAID = "the-sentence-that-must-go"
STAYS = "the-sentence-that-stays"
SUBJECT = {"stenolog-subject": "patient-4711"}
LIMITS = range(1, 13)  # changes after which a process dies; a start makes some itself
DEATH_S = 3.0  # one that has nothing left to change does not die


@pytest.fixture
def provider() -> Iterator[ThreadedSimulator]:
    """It outlives every gateway."""
    threaded = ThreadedSimulator(Simulator())
    threaded.simulator.behave = lambda body: Behaviour(
        queued_ms=0,
        run_ms=20,
        result={"text": str(body["prompt"]), "words": [], "audio_duration": 3},
    )
    with threaded:
        yield threaded


def answered(
    killed: Killed, method: str, path: str, body: Mapping[str, object] | None = None
) -> Mapping[str, object]:
    """The answer, from whichever process gives one."""
    content = None if body is None else json.dumps(body).encode()
    deadline = monotonic() + PATIENCE_S
    while (answer := killed.ask(method, path, content)) is None:
        assert monotonic() < deadline, killed.output()
        killed.revive()
        sleep(LOOK_S)
    assert answer[0] < 300, answer
    return answer[1]


def killed_more_and_more_slowly(killed: Killed, is_done: Callable[[], bool]) -> None:
    """Each process dies after one change more than the one before; the last one lives."""
    killed.kill()
    deaths = 0
    for limit in LIMITS:
        killed.start(limit)
        deaths += killed.died_within(DEATH_S)
        killed.kill()
    assert deaths >= 2, killed.points()
    killed.start()
    deadline = monotonic() + PATIENCE_S
    while not is_done():
        assert monotonic() < deadline, killed.output()
        sleep(LOOK_S)


@pytest.mark.timeout(120)
def test_an_erasure_of_a_subject_is_finished(tmp_path: Path, provider: ThreadedSimulator) -> None:
    with gateway(tmp_path / "one", provider.base_url, headers=SUBJECT) as killed:
        killed.start()
        ids = [killed.submit(prompt=text) for text in (SAID, SAID, STAYS)]
        for one in ids:
            killed.wait(one)
        held = ids[2]
        answered(killed, "POST", "/api/v1/holds", {"transcript_id": held, "reason": "why"})
        order = answered(killed, "POST", "/api/v1/erasures", {"subject": "patient-4711"})
        path = f"/api/v1/erasures/{order['id']}"
        killed_more_and_more_slowly(
            killed, lambda: answered(killed, "GET", path)["status"] == "completed"
        )
        done = answered(killed, "GET", path)
        assert (done["erased"], done["held"], done["missing"]) == (2, 1, 0)
        assert answered(killed, "GET", f"/v2/transcript/{held}")["text"] == STAYS
        killed.kill()
        events = killed.verified()
        for one in ids[:2]:
            types = [event.type for event in events if event.stream == f"transcription-{one}"]
            assert types.count("erasure.requested") == types.count("erasure.completed") == 1
        types = [event.type for event in events if event.stream == f"erasure-{order['id']}"]
        assert (types[:2], types[-1]) == (["erasure.ordered", "erasure.listed"], "erasure.ended")
        assert types.count("erasure.ended") == 1
        assert [job.deleted for job in provider.simulator.jobs].count(True) == 2
        for file in killed.data.rglob("*"):
            assert not file.is_file() or SAID.encode() not in file.read_bytes(), file


@pytest.mark.timeout(120)
def test_a_rotation_of_the_master_key_is_finished(
    tmp_path: Path, provider: ThreadedSimulator
) -> None:
    with gateway(tmp_path / "one", provider.base_url) as killed:
        killed.start()
        ids = [killed.submit(prompt=STAYS) for _ in range(3)]
        for one in ids:
            killed.wait(one)
        old = read_master_key(killed.data)
        answered(killed, "POST", "/api/v1/secrets/master/rotate")
        killed_more_and_more_slowly(killed, lambda: read_next_master_key(killed.data) is None)
        for one in ids:
            assert answered(killed, "GET", f"/v2/transcript/{one}")["text"] == STAYS
        assert read_master_key(killed.data) != old
        killed.stop()
        killed.verified()
