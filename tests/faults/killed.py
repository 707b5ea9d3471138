"""A gateway process that is killed and started again, and a client that is as patient as ours."""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from time import monotonic, sleep

from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.tree_heads import FILE_NAME, read_heads
from stenolog.compliance.verify import verify
from stenolog.log.event import Event, event_from_bytes
from stenolog.stores.files.directory import KEYS, LOG
from stenolog.stores.files.key_files import read_master_key
from stenolog.stores.sqlite.records import SqliteRecords
from tests.faults import crashing

PATIENCE_S = 30.0
LOOK_S = 0.01
STOP_S = 10.0  # what the service promises for SIGTERM
TERMINAL = ("transcription.completed", "transcription.failed")

# A process that has imported everything waits and is copied: a start costs what opening costs.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.faults.crashing"])


@dataclass(slots=True, kw_only=True)
class Killed:
    """One data directory and the processes that serve it, one after the other.

    Attributes:
        beside: The base URL of an AIMLAPI beside the provider; None: there is none.
        headers: What every request says besides its key.
        deaths: How many of them were killed.
    """

    directory: Path
    provider: str | None
    port: int
    upload_retention_ms: int | None = None
    beside: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    deaths: int = 0
    _process: ForkServerProcess | None = field(default=None, init=False)

    def start(self, limit: int | None = None) -> None:
        """A process runs; with `limit` it kills itself after so many changes."""
        self._process = _CONTEXT.Process(
            target=crashing.run,
            args=(
                self.data,
                self.port,
                self.provider,
                limit,
                self.upload_retention_ms,
                self.beside,
            ),
        )
        self._process.start()

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def revive(self) -> None:
        """A process runs: one that was killed is followed by one that is not."""
        assert self._process is not None
        if self._process.exitcode is None:
            return
        assert self._process.exitcode == -signal.SIGKILL, self.output()
        self.deaths += 1
        self.start()

    def wait_for_death(self, number: int) -> None:
        """The `number`-th process was killed, by somebody else, and another one runs."""
        assert self._process is not None
        while self.deaths < number:
            self._process.join(PATIENCE_S)
            self.revive()

    def died_within(self, seconds: float) -> bool:
        """Whether the process killed itself in this time; it is waited for no longer."""
        assert self._process is not None
        self._process.join(seconds)
        return self._process.exitcode == -signal.SIGKILL

    def kill(self) -> None:
        """The process is gone, in the middle of whatever it did."""
        assert self._process is not None
        self._process.kill()
        self._process.join()

    def stop(self) -> None:
        """The process ended as one does on SIGTERM."""
        assert self._process is not None
        os.kill(self.pid, signal.SIGTERM)
        self._process.join(STOP_S)
        assert self._process.exitcode == 0, self.output()

    def stop_or_die(self) -> None:
        """The process ended on SIGTERM, or died of the last change that it made then: a seal."""
        assert self._process is not None
        os.kill(self.pid, signal.SIGTERM)
        self._process.join(STOP_S)
        assert self._process.exitcode in (0, -signal.SIGKILL), self.output()
        self.deaths += self._process.exitcode != 0

    def end(self) -> None:
        """No process is left."""
        if self._process is not None and self._process.exitcode is None:
            self.kill()

    def output(self) -> str:
        """What the processes said."""
        file = self.directory / "output"
        lines = file.read_text(errors="replace").splitlines() if file.exists() else []
        return "\n".join([line for line in lines if "edge.answered" not in line][-40:])

    def points(self) -> list[str]:
        """What was changed, in order, by all of them."""
        file = self.directory / crashing.POINTS
        return file.read_text().splitlines() if file.exists() else []

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> tuple[int, Mapping[str, object]] | None:
        """One try; None when there was no whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            headers = {"authorization": (self.data / "api-key").read_text().strip()}
            if not headers["authorization"]:
                return None
            connection.request(method, path, body, {**self.headers, **(more or {}), **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def submit(self, more: Mapping[str, str] | None = None, **params: object) -> str:
        """The id of a transcription that was accepted; each try names an audio of its own.

        `more` are headers of this request.
        """
        deadline = monotonic() + PATIENCE_S
        number = 0
        while monotonic() < deadline:
            number += 1
            url = f"https://audio.example/{os.urandom(6).hex()}-{number}.mp3"
            body = json.dumps({"audio_url": url, **params}).encode()
            answer = self.ask("POST", "/v2/transcript", body, more)
            if answer is not None and answer[0] == 200:
                return str(answer[1]["id"])
            self.revive()
            sleep(LOOK_S)
        raise AssertionError(f"not accepted in time: {self.output()}")

    def wait(self, identifier: str) -> Mapping[str, object]:
        """The transcript, once there is an outcome."""
        deadline = monotonic() + PATIENCE_S
        while monotonic() < deadline:
            answer = self.ask("GET", f"/v2/transcript/{identifier}")
            if answer is not None:
                assert answer[0] == 200, answer
                if answer[1]["status"] in {"completed", "error"}:
                    return answer[1]
            self.revive()
            sleep(LOOK_S)
        raise AssertionError(f"no outcome in time: {self.output()}")

    def wait_for_event(self, identifier: str, event_type: str) -> None:
        """Return once the transcription's stream has such an event."""
        deadline = monotonic() + PATIENCE_S
        while monotonic() < deadline:
            answer = self.ask("GET", f"/api/v1/transcripts/{identifier}/events?limit=200")
            if answer is not None and event_type in json.dumps(answer[1]):
                return
            self.revive()
            sleep(LOOK_S)
        raise AssertionError(f"no {event_type} in time: {self.output()}")

    def verified(self) -> list[Event]:
        """All events, once the log verifies from its files alone."""
        secret = read_master_key(self.data)
        assert secret is not None
        heads, unreadable = read_heads(self.data / FILE_NAME)
        with contextlib.closing(SqliteRecords(self.data / LOG, self.data / KEYS)) as records:
            verdict = verify(records, MasterKey(secret), heads, unreadable)
            return [event_from_bytes(row.stored) for row in records.rows(0, verdict.count)]


@contextlib.contextmanager
def gateway(
    directory: Path,
    provider: str | None,
    *,
    upload_retention_ms: int | None = None,
    beside: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Killed]:
    """A directory to serve from; at the end no process of it is left."""
    directory.mkdir()
    made = Killed(
        directory=directory,
        provider=provider,
        port=free_port(),
        upload_retention_ms=upload_retention_ms,
        beside=beside,
        headers=headers or {},
    )
    try:
        yield made
    finally:
        made.end()


def free_port() -> int:
    """A port that nobody listens on; each start of a gateway listens on the same."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def assert_each_once(events: list[Event]) -> None:
    """No event is lost or doubled: versions are dense, one request, one outcome in each stream."""
    streams: dict[str, list[Event]] = {}
    for event in events:
        streams.setdefault(event.stream, []).append(event)
    for stream in streams.values():
        assert [event.version for event in stream] == list(range(1, len(stream) + 1))
        if not stream[0].stream.startswith("transcription-"):
            continue
        types = Counter(event.type for event in stream)
        assert types["transcription.requested"] == 1
        assert sum(types[outcome] for outcome in TERMINAL) <= 1
        claims = [e.data["submission"] for e in stream if e.type == "submission.claimed"]
        assert claims == list(range(1, len(claims) + 1))
        calls = [(e.data["submission"], e.data["kind"]) for e in stream if "callback" in e.type]
        assert len(calls) == len(set(calls))
