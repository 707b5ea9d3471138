"""Killed after each change between an upload and its provider job, the gateway loses no file.

What was answered is used; what was not is uploaded again, and leaves nothing that is half written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from tests.faults.killed import LOOK_S, PATIENCE_S, Killed, gateway

AUDIO = os.urandom(3_000_000)
DIGEST = hashlib.sha256(AUDIO).hexdigest()


@pytest.fixture
def provider() -> Iterator[ThreadedSimulator]:
    """It outlives every gateway."""
    rules = DeliveryRules(attempts_max=100, spacing_ms=50, timeout_ms=2_000)
    simulator = Simulator(rules=rules)
    simulator.behave = lambda body: Behaviour(queued_ms=0, run_ms=20)
    threaded = ThreadedSimulator(simulator)
    with threaded:
        yield threaded


def answered(killed: Killed, path: str, body: bytes) -> Mapping[str, object]:
    """The 200 of a POST, asked again after each death."""
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        answer = killed.ask("POST", path, body)
        if answer is not None:
            assert answer[0] == 200, answer
            return answer[1]
        killed.revive()
        sleep(LOOK_S)
    raise AssertionError(f"not answered in time: {killed.output()}")


def live(killed: Killed, simulator: Simulator, limit: int | None) -> None:
    """One upload and its transcription, with a death after `limit` changes."""
    earlier = len(simulator.jobs)
    killed.start(limit)
    url = str(answered(killed, "/v2/upload", AUDIO)["upload_url"])
    created = answered(killed, "/v2/transcript", json.dumps({"audio_url": url}).encode())
    assert killed.wait(str(created["id"]))["status"] == "completed"
    killed.revive()
    killed.kill()
    stored = [event for event in killed.verified() if event.type == "upload.stored"]
    files = {file.name for file in (killed.data / "uploads").iterdir()}
    assert {event.stream.removeprefix("upload-") for event in stored} <= files
    assert not [name for name in files if name.endswith(".part")]
    with contextlib.closing(sqlite3.connect(killed.data / "keys.db")) as keys:
        held = keys.execute("SELECT stream FROM data_keys WHERE stream GLOB 'upload-*'").fetchall()
    assert {stream for (stream,) in held} == {f"upload-{name}" for name in files}
    whole = {upload.url for upload in simulator.uploads if upload.sha256 == DIGEST}
    assert {job.request.audio_url for job in simulator.jobs[earlier:]} <= whole


@pytest.mark.timeout(120)
@pytest.mark.xdist_group("crash-odd")
def test_every_change_of_an_upload_may_be_the_last_of_its_process(
    tmp_path: Path, provider: ThreadedSimulator
) -> None:
    with gateway(tmp_path / "whole", provider.base_url) as whole:
        live(whole, provider.simulator, None)
        points = whole.points()
    first, last = points.index("uploads.store"), points.index("provider.submit")
    assert points.index("provider.upload") in range(first, last)
    deaths = 0
    for limit in range(first, last + 2):
        with gateway(tmp_path / f"after-{limit}", provider.base_url) as killed:
            try:
                live(killed, provider.simulator, limit)
            except AssertionError as exc:
                exc.add_note(f"after change {limit}: {killed.points()[:limit]}")
                exc.add_note(killed.output())
                raise
            deaths += killed.deaths
    assert deaths >= last - first


def live_until_released(killed: Killed, limit: int | None) -> None:
    """One upload that is not kept beyond its outcome, with a death after `limit` changes."""
    killed.start(limit)
    url = str(answered(killed, "/v2/upload", AUDIO)["upload_url"])
    created = answered(killed, "/v2/transcript", json.dumps({"audio_url": url}).encode())
    assert killed.wait(str(created["id"]))["status"] == "completed"
    deadline = monotonic() + PATIENCE_S
    while list((killed.data / "uploads").iterdir()):
        assert monotonic() < deadline, "the file was not removed"
        killed.revive()
        sleep(LOOK_S)
    while limit is None and "uploads.discard" not in killed.points():
        assert monotonic() < deadline, "the file is gone, and its removal has not returned"
        sleep(LOOK_S)
    killed.revive()
    killed.kill()
    released = [event for event in killed.verified() if event.stream.startswith("upload-")]
    assert [event.type for event in released[-2:]] == ["upload.used", "upload.released"]
    assert released[-1].data == {"reason": "retention"}


@pytest.mark.timeout(120)
@pytest.mark.xdist_group("crash-odd")
def test_every_change_of_a_release_may_be_the_last_of_its_process(
    tmp_path: Path, provider: ThreadedSimulator
) -> None:
    with gateway(tmp_path / "whole", provider.base_url, upload_retention_ms=0) as whole:
        live_until_released(whole, None)
        points = whole.points()
    last = points.index("uploads.discard")
    first = max(at for at in range(last) if points[at] == "provider.submit")
    deaths = 0
    for limit in range(first + 1, last + 2):
        where = tmp_path / f"after-{limit}"
        with gateway(where, provider.base_url, upload_retention_ms=0) as killed:
            try:
                live_until_released(killed, limit)
            except AssertionError as exc:
                exc.add_note(f"after change {limit}: {killed.points()[:limit]}")
                exc.add_note(killed.output())
                raise
            deaths += killed.deaths
    assert deaths >= last - first
