"""The real engine as a child process, and a caller of its API."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

JOB_SECONDS_MAX = 40.0

T = TypeVar("T")


class EngineProcess:
    """`python -m stenolog.engine`, started and stopped as its parent would."""

    def __init__(self, folder: Path, output: int | None = None, /, **settings: object) -> None:
        self.api_key = secrets.token_hex(16)
        self.scratch = folder / "scratch"
        given = {"api_key": self.api_key, "scratch_dir": str(self.scratch), **settings}
        self._log = (folder / "engine.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stenolog.engine"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log if output is None else output,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(given).encode() + b"\n")
        self.process.stdin.flush()
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.http = httpx.Client(
            base_url=self.url,
            headers={"authorization": self.api_key},
            timeout=30,
            trust_env=False,
        )

    def log_lines(self) -> list[dict[str, Any]]:
        """What it has logged so far, when that goes to a file."""
        return [json.loads(line) for line in Path(self._log.name).read_bytes().splitlines()]

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers that run now."""
        pid = self.process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except FileNotFoundError:
            return []
        return [int(child) for child in children.split()]

    def upload(self, content: bytes) -> str:
        answer = self.http.post("/v2/upload", content=content)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["upload_url"])

    def create(self, **params: object) -> dict[str, Any]:
        answer = self.http.post("/v2/transcript", json=params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def get(self, transcript_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v2/transcript/{transcript_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def finished(self, transcript_id: str) -> dict[str, Any]:
        """The transcript once its status is final."""

        def done() -> dict[str, Any] | None:
            body = self.get(transcript_id)
            return body if body["status"] in ("completed", "error") else None

        return until(done, JOB_SECONDS_MAX)

    def transcribe(self, content: bytes, **params: object) -> dict[str, Any]:
        return self.finished(self.create(audio_url=self.upload(content), **params)["id"])

    def transcribe_url(self, url: str, **params: object) -> dict[str, Any]:
        return self.finished(self.create(audio_url=url, **params)["id"])

    def stop(self) -> int:
        """The exit status after standard input ended; every pipe is closed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.http.close()
        self.process.stdin.close()
        status = self.process.wait(timeout=15)
        self.process.stdout.close()
        self._log.close()
        return status


def until(look: Callable[[], T | None], seconds: float) -> T:
    """What `look` sees, as soon as it sees something; asks every 20 ms."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        seen = look()
        if seen is not None:
            return seen
        pause.wait(0.02)
    raise AssertionError(f"not seen within {seconds} s")


def is_running(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
