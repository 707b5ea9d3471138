"""`stenolog transcribe` overwrites no recording, asks once, and ends at Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stenolog.cli.transcribe import command
from tests.threaded_server import Answering, Received, serving_threads

WRONG_USAGE, UNREACHABLE, INTERRUPTED = 2, 4, 130
NATIVE = "/api/v1/transcripts"
ID = "018f2f9e-7c1a-7d3b-8a4e-5b6c7d8e9f0a"
AUDIO = "https://audio.example/a.mp3"
SECRET = "0123456789"
NOBODY = "http://127.0.0.1:1"
DEADLINE_S = 20
READS_S_MAX = 1


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def transcribe(*words: str, url: str = NOBODY) -> Result:
    answer = CliRunner().invoke(command, [*words, "--url", url, "--api-key", SECRET])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer


@pytest.mark.parametrize(
    "words",
    [("call.wav", "-o", "call.wav"), ("link.txt", "-o", "call.wav"), ("a.txt", "b.wav", "-o", ".")],
)
def test_a_recording_is_not_overwritten(place: Path, words: tuple[str, ...]) -> None:
    for name in ("call.wav", "a.txt", "b.wav"):
        (place / name).write_bytes(b"RIFF")
    (place / "link.txt").symlink_to("call.wav")
    answer = transcribe(*words)
    assert answer.exit_code == WRONG_USAGE
    assert "is a recording" in answer.stderr
    assert (place / "call.wav").read_bytes() == (place / "a.txt").read_bytes() == b"RIFF"


class Service(Answering):
    """Stores uploads, and loses as many answers to a request as its class says."""

    received: list[Received]
    lost: int

    def do_GET(self) -> None:
        self.answer(200, {}, b'{"id": "%b", "status": "completed", "text": "x"}' % ID.encode())

    def do_POST(self) -> None:
        self.received.append(self.taken())
        asked = [one for one in self.received if one.path == NATIVE]
        if 0 < len(asked) <= self.lost:
            self.close_connection = True
            self.connection.close()
            return
        self.answer(
            200, {}, json.dumps({"id": ID, "status": "queued", "upload_url": AUDIO}).encode()
        )


@pytest.fixture
def service() -> Iterator[tuple[type[Service], str]]:
    class Own(Service):
        lost = 0

    Own.received = []

    with serving_threads(Own) as url:
        yield Own, url


def test_a_lost_answer_is_asked_for_once_more_with_the_same_key(
    service: tuple[type[Service], str], place: Path
) -> None:
    made, url = service
    made.lost = 1
    assert transcribe(AUDIO, url=url).exit_code == 0
    first, second = [one.headers["idempotency-key"] for one in made.received]
    assert first == second
    made.received.clear()
    made.lost = 2
    answer = transcribe(AUDIO, url=url)
    assert answer.exit_code == UNREACHABLE
    assert f"a.mp3: it may have been taken: see `stenolog list --url {url}" in answer.stderr
    assert made.received[0].headers["idempotency-key"] != first
    assert "may have been taken" not in transcribe(AUDIO).stderr


def test_going_on_later_needs_the_same_service_and_no_key_is_shown(place: Path) -> None:
    answer = transcribe(ID, "--data-dir", "my data")
    assert f"{ID} --data-dir 'my data' --url {NOBODY} --api-key KEY\n" in answer.stderr
    assert SECRET not in answer.output


def test_long_names_of_results_are_whole(service: tuple[type[Service], str], place: Path) -> None:
    names = [f"{'x' * 60}-{one}" for one in "ab"]
    for name in names:
        (place / f"{name}.wav").write_bytes(b"RIFF")
    (place / "out").mkdir()
    words = [f"{name}.wav" for name in names]
    assert transcribe(*words, "-o", "out", url=service[1]).exit_code == 0
    assert sorted(one.name for one in (place / "out").iterdir()) == [f"{n}.txt" for n in names]


def wait_until_it_reads(running: subprocess.Popen[bytes]) -> None:
    """Return once a thread waits for a pipe, or its other end; where that is hidden, soon."""
    ends = time.monotonic() + READS_S_MAX
    tasks = Path(f"/proc/{running.pid}/task")
    while time.monotonic() < ends:
        with contextlib.suppress(FileNotFoundError):  # a thread has ended meanwhile
            waits = b" ".join((task / "wchan").read_bytes() for task in tasks.iterdir())
            if b"pipe_read" in waits or b"wait_for_partner" in waits:
                return
        time.sleep(0.01)


@pytest.mark.parametrize("audio", ["-", "pipe"])
def test_ctrl_c_ends_the_reading_of_what_never_comes(
    service: tuple[type[Service], str], place: Path, audio: str
) -> None:
    os.mkfifo(place / "pipe")
    with subprocess.Popen(
        [sys.executable, "-m", "stenolog", "transcribe", audio, "--url", service[1]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        try:
            assert running.stderr is not None
            assert b"uploading" in running.stderr.readline()
            wait_until_it_reads(running)
            running.send_signal(signal.SIGINT)
            assert running.wait(DEADLINE_S) == INTERRUPTED
            assert b"Traceback" not in running.stderr.read()
        finally:
            running.kill()
