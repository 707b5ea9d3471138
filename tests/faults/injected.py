"""A call to the kernel that fails once, injected with strace, and what is asked meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stenolog.simulator.assemblyai.provider import API_KEY
from tests.gateway_process import SERVE, GatewayProcess, before

PATIENCE_S = 20.0
LOOK_S = 0.01
CLEAN = {0, 1, 3, 74, 75}  # what a command may end with; OPERATING.md, "Troubleshooting"
OUTCOMES = {"completed", "error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A kind of call on some files; `reach` is how many a thread of a quiet run makes, about."""

    call: str
    files: tuple[str, ...]
    reach: int

    def __str__(self) -> str:
        return f"{self.call}-{self.files[0] if self.files else 'anywhere'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The `number`-th such call of each thread fails with this error."""

    place: Place
    error: str
    number: int

    def strace(self, directory: Path, seen: Path) -> tuple[str, ...]:
        """The words before a command; what is injected stands in the file `seen`."""
        call = self.place.call
        only = [word for file in self.place.files for word in ("-P", str(directory / file))]
        inject = f"inject={call}:error={self.error}:when={self.number}"
        return (
            *("strace", "-f", "-qq", "--seccomp-bpf", "-o", str(seen), *only),
            *("-e", f"trace={call}", "-e", inject),
        )


def of(store: str) -> tuple[str, ...]:
    """The files of a SQLite file."""
    return tuple(f"{store}.db{end}" for end in ("", "-wal", "-shm", "-journal"))


def was_injected(seen: Path) -> bool:
    return "(INJECTED)" in seen.read_text(errors="replace")


def said_nothing(seen: Path) -> bool:
    """Whether it was the command's own output, and nothing else, that could not be written."""
    lines = seen.read_text(errors="replace").splitlines()
    failed = [line for line in lines if line.endswith("(INJECTED)")]
    return bool(failed) and all(re.search(r" write\([12],", line) for line in failed)


SIGNAL_S = 5  # it ends within a second
# What CPython says where a signal could not be written to the event loop's own pipe.
SIGNAL_LOST = "signal wakeup fd:\nTraceback"


class Gateway(GatewayProcess):
    """`stenolog serve`, which may meet a fault, before a simulator."""

    def __init__(self, data_dir: Path, provider: str, words: tuple[str, ...] = ()) -> None:
        quick = {"ALLOW_NETWORKS": "127.0.0.1/32", "SETTLE_MS": "200", "SWEEP_INTERVAL_MS": "100"}
        run: tuple[str, ...] = SERVE
        if words:  # strace beside it: the process that we know is the gateway
            become = "import os, sys; os.execvp('strace', sys.argv[1:])"
            run = ("-c", become, words[0], "-D", *words[1:], sys.executable, *SERVE)
        super().__init__(data_dir, before(provider, API_KEY, **quick), run)

    @property
    def ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def stop(self) -> int:
        """End it; a signal that cannot be written to the event loop's own pipe is sent again."""
        assert self.process is not None
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(SIGNAL_S)
        return super().stop()

    def became_ready(self) -> bool:
        """Whether it did; else it has ended."""
        try:
            self.wait_ready()
        except AssertionError:
            if not self.ended:
                self.kill()
                raise
            return False
        return True

    def ask(self, method: str, path: str, body: bytes | None = None) -> Mapping[str, Any] | None:
        """One try: what a 200 says, None for a 503 or no answer; anything else is an error."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=5)
        try:
            connection.request(method, path, body, {"authorization": self.key})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        assert answer.status in (200, 503), (method, path, answer.status, said)
        return dict(json.loads(said)) if answer.status == 200 else None

    def insist(self, method: str, path: str, body: bytes | None = None) -> Mapping[str, Any] | None:
        """The 200 of it, asked again after each 503; None when the gateway has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.ended:
            answer = self.ask(method, path, body)
            if answer is not None:
                return answer
            assert time.monotonic() < deadline, f"{method} {path} is 503 for good: {self.said}"
            time.sleep(LOOK_S)
        return None

    def outcome(self, identifier: str) -> Mapping[str, Any] | None:
        """The transcript with its outcome; None when the gateway has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while answer := self.insist("GET", f"/v2/transcript/{identifier}"):
            if answer["status"] in OUTCOMES:
                return answer
            assert time.monotonic() < deadline, f"{identifier} has no outcome: {self.said}"
            time.sleep(LOOK_S)
        return None

    def has_forgotten(self, identifier: str) -> bool:
        """Return once the erasure of the transcription is completed; false after `PATIENCE_S`."""
        deadline = time.monotonic() + PATIENCE_S
        path = f"/api/v1/transcripts/{identifier}/events?limit=100"
        while time.monotonic() < deadline:
            answer = self.insist("GET", path)
            if answer is None:
                return False
            if any(item["type"] == "erasure.completed" for item in answer["items"]):
                return True
            time.sleep(LOOK_S)
        return False


@dataclass(slots=True)
class Acknowledged:
    """What was answered with 200."""

    upload: str | None = None
    transcriptions: tuple[str, ...] = ()
    erased: str | None = None


def day(gateway: Gateway) -> Acknowledged:
    """An upload, two transcriptions, one of them erased: as far as the gateway lives."""
    done = Acknowledged()
    uploaded = gateway.insist("POST", "/v2/upload", os.urandom(300_000))
    if uploaded is None:
        return done
    done.upload = str(uploaded["upload_url"])
    for url in (done.upload, "https://audio.example/one.mp3"):
        made = gateway.insist("POST", "/v2/transcript", json.dumps({"audio_url": url}).encode())
        if made is None:
            return done
        done.transcriptions += (str(made["id"]),)
    for identifier in done.transcriptions:
        if gateway.outcome(identifier) is None:
            return done
    if gateway.insist("DELETE", f"/v2/transcript/{done.transcriptions[1]}") is not None:
        done.erased = done.transcriptions[1]
    return done
