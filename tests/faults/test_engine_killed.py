"""The embedded engine, or a worker of it, dies in mid-job; the transcription ends right."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

import pytest

from stenolog.engine.availability import engine_unavailable
from tests.faults.killed import Killed, assert_each_once, gateway
from tests.gateway_process import children

pytestmark = [
    pytest.mark.xdist_group("engine"),
    pytest.mark.timeout(120),
    pytest.mark.skipif(engine_unavailable() is not None, reason="no engine on this platform"),
]

T = TypeVar("T")


def recording(name: str) -> bytes:
    from tests.engine import sounds  # noqa: PLC0415  # needs the wheels

    return sounds.recording(name)


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Killed]:
    """A gateway with its engine; afterwards nothing of either runs."""
    with gateway(tmp_path / "local", None) as made:
        made.start()
        yield made
        engines = children(made.pid, "stenolog.engine")
        made.stop()
        made.verified()
    assert engines
    for pid in engines:
        until(lambda pid=pid: not alive(pid) or None)  # type: ignore[misc]  # a default of a lambda has no type


def until(look: Callable[[], T | None], seconds: float = 40.0) -> T:
    """What `look` sees, once it sees something."""
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        seen = look()
        if seen is not None:
            return seen
        sleep(0.01)
    raise AssertionError("it did not happen in time")


def alive(pid: int) -> bool:
    """Whether the process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def in_mid_job(killed: Killed) -> tuple[str, int, int]:
    """A transcription whose job is worked on, the engine's process and its worker's."""
    speech = recording("two_cities")
    uploaded = until(lambda: killed.ask("POST", "/v2/upload", speech))
    assert uploaded[0] == 200, uploaded
    identifier = killed.submit(audio_url=uploaded[1]["upload_url"])

    def working() -> tuple[int, int] | None:
        answer = killed.ask("GET", f"/v2/transcript/{identifier}")
        if answer is None or answer[1]["status"] != "processing":
            assert answer is None or answer[1]["status"] == "queued", answer
            return None
        for engine in children(killed.pid, "stenolog.engine"):
            for worker in children(engine):
                return engine, worker
        return None

    engine, worker = until(working)
    return identifier, engine, worker


def test_an_engine_that_is_killed_comes_back_and_gets_the_job_again(killed: Killed) -> None:
    identifier, engine, worker = in_mid_job(killed)
    os.kill(engine, signal.SIGKILL)
    transcript = killed.wait(identifier)
    assert transcript["status"] == "completed", transcript
    assert "best of times" in str(transcript["text"])
    (successor,) = children(killed.pid, "stenolog.engine")
    assert successor != engine
    until(lambda: None if alive(worker) else True)
    events = killed.verified()
    assert_each_once(events)
    types = [event.type for event in events if event.stream.endswith(identifier)]
    assert types.count("submission.claimed") == 2
    [given_up] = [
        event
        for event in events
        if event.stream.endswith(identifier) and event.type == "submission.abandoned"
    ]
    assert given_up.data["reason"] == "restarted", "the engine names its start"


def test_a_worker_that_is_killed_is_a_server_error_and_the_job_is_submitted_again(
    killed: Killed,
) -> None:
    warm, _, _ = in_mid_job(killed)  # a worker that is still starting is replaced unnoticed
    assert killed.wait(warm)["status"] == "completed"
    identifier, engine, worker = in_mid_job(killed)
    os.kill(worker, signal.SIGKILL)
    transcript = killed.wait(identifier)
    assert transcript["status"] == "completed", transcript
    assert "best of times" in str(transcript["text"])
    assert children(killed.pid, "stenolog.engine") == [engine]
    events = killed.verified()
    assert_each_once(events)
    types = [event.type for event in events if event.stream.endswith(identifier)]
    assert types.count("submission.claimed") == 2
    assert types.count("submission.failed") == 1


def test_a_gateway_that_is_killed_leaves_its_successors_engine_alone(killed: Killed) -> None:
    """The engine of a killed gateway ends, and clears up, when the next one is already there."""
    for _ in range(2):
        in_mid_job(killed)
        killed.kill()
        killed.start()
    identifier, _, _ = in_mid_job(killed)
    assert killed.wait(identifier)["status"] == "completed"


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_every_change_may_be_the_last_with_the_embedded_engine(tmp_path: Path) -> None:
    """The engine and its jobs end with the gateway: what was accepted is transcribed anew."""
    with gateway(tmp_path / "whole", None) as whole:
        live_once(whole, None)
        points = whole.points()
    for limit in range(1, len(points) + 1):
        with gateway(tmp_path / f"after-{limit}", None) as one:
            live_once(one, limit)


def live_once(killed: Killed, limit: int | None) -> None:
    """Upload and submit until that is acknowledged, and wait for the text."""
    killed.start(limit)

    def uploaded() -> str | None:
        answer = killed.ask("POST", "/v2/upload", recording("two_cities"))
        killed.revive()
        return str(answer[1]["upload_url"]) if answer and answer[0] == 200 else None

    identifier = killed.submit(audio_url=until(uploaded))
    transcript = killed.wait(identifier)
    assert transcript["status"] == "completed", (limit, transcript)
    killed.revive()
    killed.kill()
    assert_each_once(killed.verified())
