"""A disk that is really full: 503, nothing half-written, and recovery without a restart."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from stenolog.commands.callback_tokens import HEADER_NAME

ROOT = Path(__file__).parents[2]


class Child:
    """The service in a process of its own."""

    def __init__(self, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.http.disk_full_child", str(directory)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        while not (line := self._line()).startswith('{"url"'):
            assert line, "the child did not start"
        self.target: dict[str, Any] = json.loads(line)
        self.client = httpx.Client(
            base_url=self.target["url"],
            headers={"Authorization": self.target["key"]},
            trust_env=False,
            timeout=10,
        )

    def tell(self, word: str) -> None:
        """Done when this returns."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        while (line := self._line()).strip() != "done":
            assert line, "the child ended"

    def call_back(self, status: str) -> httpx.Response:
        return self.client.post(
            f"/callbacks/assemblyai/{self.target['token']}",
            json={"transcript_id": "job-1", "status": status},
            headers={HEADER_NAME: self.target["header"]},
        )

    def types(self) -> list[str]:
        answer = self.client.get(f"/api/v1/transcripts/{self.target['id']}/events")
        return [event["type"] for event in answer.json()["items"]]

    def close(self) -> None:
        self.client.close()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            assert self._process.wait(10) == 0
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    running = Child(tmp_path)
    try:
        yield running
    finally:
        running.tell("free")
        running.close()


def test_a_full_disk_is_503_and_is_recovered_from(child: Child, tmp_path: Path) -> None:
    before = child.types()
    assert child.client.get("/readyz").status_code == 200
    uploads = tmp_path / "uploads"
    child.tell("full")
    # Nothing was written since the disk is full: readiness must find out by itself.
    assert [child.client.get("/readyz").status_code for _ in range(3)] == [503] * 3
    for _ in range(3):
        refused = child.call_back("completed")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) >= 1
        created = child.client.post("/v2/transcript", json={"audio_url": "https://a.example/b"})
        assert created.status_code == 503
        uploaded = child.client.post("/v2/upload", content=b"x" * 100)
        assert uploaded.status_code == 503
    assert child.types() == before
    assert list(uploads.iterdir()) == []
    assert child.client.get("/healthz").status_code == 200
    child.tell("free")
    assert child.client.get("/readyz").status_code == 200
    assert child.call_back("completed").status_code == 204
    assert child.call_back("error").status_code == 204
    assert child.types() == [*before, "callback.received", "callback.received"]
    assert child.client.post("/v2/upload", content=b"x" * 100).status_code == 200
    created = child.client.post("/v2/transcript", json={"audio_url": "https://a.example/b"})
    assert created.status_code == 200
