"""Workers that die or hang, an engine that is abandoned, and what a worker may not do."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from stenolog.engine import audio_errors
from stenolog.engine.host.worker_process import DEATHS_MAX
from tests.engine import containers, sounds
from tests.engine.engine_process import EngineProcess, is_running, until
from tests.engine.servers import site

pytestmark = pytest.mark.xdist_group("engine")

OPENING = sounds.wav(sounds.speech("two_cities", 0, 4.8))
QUICK = sounds.wav(sounds.silence(0.2))
LONG = sounds.wav(np.tile(sounds.speech("two_cities", 0, 20), 5))

Start = Callable[..., EngineProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    opened: list[EngineProcess] = []

    def one(**settings: object) -> EngineProcess:
        opened.append(EngineProcess(tmp_path, **settings))
        return opened[-1]

    yield one
    for engine in opened:
        workers = engine.workers
        engine.stop()
        until(lambda workers=workers: not any(map(is_running, workers)) or None, 5)  # type: ignore[misc]  # no type


def worker(engine: EngineProcess) -> int:
    """The worker that is at work; the caller has submitted a long job to a warm engine."""
    return until(lambda: engine.workers[0] if engine.workers else None, 5)


def in_mid_job(engine: EngineProcess) -> tuple[str, int]:
    """A long job that has begun in a worker with its models loaded, and that worker."""
    assert engine.transcribe(OPENING)["status"] == "completed"
    job_id = engine.create(audio_url=engine.upload(LONG))["id"]
    until(lambda: engine.get(job_id)["status"] == "processing" or None, 5)
    return job_id, worker(engine)


def test_a_worker_killed_in_mid_job_fails_that_job_and_no_other(engine: EngineProcess) -> None:
    job_id, pid = in_mid_job(engine)
    os.kill(pid, signal.SIGKILL)
    body = engine.finished(job_id)
    assert body["status"] == "error"
    assert body["error"] == "Server error, the worker ended unexpectedly."
    assert engine.transcribe(OPENING)["status"] == "completed"
    assert worker(engine) != pid


def logged(engine: EngineProcess, event: str) -> int:
    return sum(line["event"] == event for line in engine.log_lines())


def crashes(engine: EngineProcess) -> int:
    """How many workers a library has ended so far."""
    return logged(engine, "engine.worker_crashed")


def test_audio_that_kills_two_fresh_workers_is_refused_and_others_go_on(
    engine: EngineProcess,
) -> None:
    """PyAV 18 frees these speakers twice; so many chunks are not looked through (DECISIONS 234)."""
    before = crashes(engine)
    deadly = containers.unseen_speakers([sounds.speech("two_cities", 0, 1)] * 3)
    body = engine.transcribe(deadly)
    assert body["status"] == "error"
    assert body["error"] == str(audio_errors.undecodable())
    # One may have had a job before: what that left behind is not held against this audio.
    assert crashes(engine) - before in (DEATHS_MAX, DEATHS_MAX + 1)
    assert engine.transcribe(QUICK)["status"] == "completed"


def test_a_worker_that_crashes_once_is_replaced_within_the_job(engine: EngineProcess) -> None:
    assert engine.transcribe(QUICK)["status"] == "completed"
    pid, before = worker(engine), crashes(engine)
    os.kill(pid, signal.SIGSTOP)
    job_id = engine.create(audio_url=engine.upload(QUICK))["id"]
    until(lambda: engine.get(job_id)["status"] == "processing" or None, 5)
    os.kill(pid, signal.SIGSEGV)
    os.kill(pid, signal.SIGCONT)
    assert engine.finished(job_id)["status"] == "completed"
    assert crashes(engine) == before + 1


def test_a_worker_that_crashes_once_behind_the_decoder_is_replaced_as_well(
    engine: EngineProcess,
) -> None:
    assert engine.transcribe(QUICK)["status"] == "completed"
    before = logged(engine, "engine.audio_doubtful")
    job_id = engine.create(audio_url=engine.upload(LONG[: len(LONG) // 2]))["id"]
    until(
        lambda: logged(engine, "engine.audio_doubtful") > before or None, 10
    )  # it is decoded, and said to be cut
    os.kill(worker(engine), signal.SIGSEGV)
    assert engine.finished(job_id)["status"] == "completed"


def open_files(engine: EngineProcess) -> set[int]:
    return {int(number) for number in os.listdir(f"/proc/{engine.process.pid}/fd")}


def test_a_worker_that_cannot_be_started_fails_its_job_and_no_later_one(start: Start) -> None:
    """The engine has room for the next request and its file, and for no process's pipes."""
    engine = start()
    assert engine.transcribe(OPENING)["status"] == "completed"
    url = engine.upload(OPENING)
    pid, before = worker(engine), len(open_files(engine))
    os.kill(pid, signal.SIGKILL)
    until(lambda: len(open_files(engine)) <= before - 2 or None, 5)  # both pipes are closed
    engine_pid = engine.process.pid
    soft, hard = resource.prlimit(engine_pid, resource.RLIMIT_NOFILE)
    free = [number for number in range(soft) if number not in open_files(engine)]
    resource.prlimit(engine_pid, resource.RLIMIT_NOFILE, (free[1], hard))
    refused = engine.finished(engine.create(audio_url=url)["id"])
    assert refused["error"] == "Server error, a worker could not be started."
    resource.prlimit(engine_pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert engine.transcribe(OPENING)["status"] == "completed"


def test_a_worker_that_hangs_is_ended_and_replaced(start: Start) -> None:
    engine = start(job_seconds_max=2)
    job_id, pid = in_mid_job(engine)
    os.kill(pid, signal.SIGSTOP)
    body = engine.finished(job_id)
    assert body["status"] == "error"
    assert body["error"] == "The audio took longer to transcribe than it may."
    assert not is_running(pid)
    assert engine.transcribe(OPENING)["status"] == "completed"


def test_nothing_is_left_when_the_parents_pipe_closes(start: Start) -> None:
    engine = start()
    _, pid = in_mid_job(engine)
    assert engine.process.stdin is not None
    engine.process.stdin.close()
    assert engine.process.wait(timeout=10) == 0
    assert not is_running(pid)
    assert not engine.scratch.exists()


def test_sigterm_ends_the_engine_and_its_workers(start: Start) -> None:
    engine = start()
    _, pid = in_mid_job(engine)
    engine.process.terminate()
    assert engine.process.wait(timeout=10) == 0
    assert not is_running(pid)


def test_workers_die_with_an_engine_that_is_killed(start: Start) -> None:
    engine = start()
    _, pid = in_mid_job(engine)
    engine.process.kill()
    engine.process.wait(timeout=10)
    until(lambda: not is_running(pid) or None, 5)


def test_a_worker_is_replaced_after_twenty_jobs(engine: EngineProcess) -> None:
    assert engine.transcribe(QUICK)["status"] == "completed"
    pids = set()
    for _ in range(21):
        pids.add(worker(engine))
        assert engine.transcribe(QUICK)["status"] == "completed"
    assert len(pids) >= 2


def test_that_workers_keep_the_network_is_said_once(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux gives a process that has a second thread no namespaces of its own."""
    (tmp_path / "sitecustomize.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    engine = start()
    assert engine.transcribe(QUICK)["status"] == "completed"
    first = worker(engine)
    os.kill(first, signal.SIGKILL)
    until(lambda: engine.transcribe(QUICK)["status"] == "completed" or None, 20)
    assert worker(engine) != first
    assert (tmp_path / "engine.log").read_text().count("engine.network_kept") == 1


def test_jobs_are_done_side_by_side_with_two_workers(start: Start) -> None:
    engine = start(workers=2)
    until(lambda: len(engine.workers) == 2 or None, 10)
    ids = [engine.create(audio_url=engine.upload(OPENING))["id"] for _ in range(4)]
    assert {engine.finished(each)["status"] for each in ids} == {"completed"}


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        (b"{}", 2, "engine: api_key: is missing"),
        (b"not json", 2, "engine: the settings: is not what it must be"),
        (b'{"api_key": "0123456789abcdef", "scratch_dir": "x", "colour": 1}', 2, "engine: colour"),
    ],
)
def test_wrong_settings_are_one_line_and_a_status(line: bytes, status: int, message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stenolog.engine"],
        input=line + b"\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == status
    assert done.stderr.decode().startswith(message)
    assert len(done.stderr.splitlines()) == 1
    assert b"0123456789abcdef" not in done.stderr


def test_a_port_that_is_taken_is_one_line_and_a_status(
    engine: EngineProcess, tmp_path: Path
) -> None:
    port = engine.url.rsplit(":", 1)[1]
    line = f'{{"api_key": "0123456789abcdef", "scratch_dir": "{tmp_path}/s", "port": {port}}}\n'
    done = subprocess.run(
        [sys.executable, "-m", "stenolog.engine"],
        input=line.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3
    assert "cannot be bound" in done.stderr.decode()


CONFINED = """
import os, socket, sys
from stenolog.engine.worker import confinement
confinement.die_with(os.getppid())
alone = confinement.leave_network()
confinement.limit_resources()
try:
    bytearray(5 << 30)
except MemoryError:
    print("no memory")
try:
    with open(sys.argv[1], "wb") as file:
        file.write(b"x")
except OSError:
    print("no file")
if alone:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=2)
        print("network")
    except OSError:
        pass
sys.stdout.flush()
confinement.allow_cpu(1)
while True:
    pass
"""


def test_a_worker_has_bounds_of_memory_files_and_time(tmp_path: Path) -> None:
    with site() as trap:
        port = trap.url.rsplit(":", 1)[1]
        done = subprocess.run(
            [sys.executable, "-c", CONFINED, str(tmp_path / "file"), port],
            capture_output=True,
            check=False,
            timeout=20,
        )
    assert done.returncode == -signal.SIGXCPU
    assert done.stdout.decode().splitlines() == ["no memory", "no file"]
