"""A gateway goes on whatever becomes of its standard error and output."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from tests.gateway_process import ROOT, STOP_S_MAX, GatewayProcess

SETTINGS = {
    "ASSEMBLYAI_API_KEY": "nobody",
    "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1",
    "LOG_LEVEL": "debug",
}
WAIT_S_MAX = 20.0


class Gateway(GatewayProcess):
    """`stenolog serve` whose standard output and error are `output`, or closed."""

    def start_on(self, output: int | None) -> Gateway:
        command = [*self._run, "--port", "0", "--data-dir", str(self.data_dir)]
        shell = 'exec "$@" 1>&- 2>&-' if output is None else 'exec "$@"'
        environ = {k: v for k, v in os.environ.items() if not k.startswith("STENOLOG_")}
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", shell, "sh", sys.executable, *command],
            cwd=ROOT,
            env={**environ, **self._settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        return self

    @property
    def said(self) -> str:
        return "nothing: nobody reads it"


@contextlib.contextmanager
def serving(directory: Path, output: int | None) -> Iterator[Gateway]:
    running = Gateway(directory, SETTINGS).start_on(output)
    try:
        running.wait_ready()
        yield running
        assert running.stop() == 0
    finally:
        assert running.process is not None
        if running.process.poll() is None:
            running.kill()


def created(running: Gateway) -> int:
    answer = httpx.post(
        f"{running.url}/v2/transcript",
        json={"audio_url": "https://example.com/a.mp3"},
        headers={"Authorization": running.key},
        trust_env=False,
        timeout=20,
    )
    return answer.status_code


def lost(running: Gateway) -> float:
    """What the metric says."""
    text = httpx.get(f"{running.url}/metrics", trust_env=False, timeout=20).text
    lines = [one for one in text.splitlines() if one.startswith("stenolog_log_lines_lost_total ")]
    assert len(lines) == 1
    return float(lines[0].split()[1])


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + WAIT_S_MAX
    while not holds():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.05)


def lives(running: Gateway) -> None:
    """It answers creates, with a line each, and loops go on over their own lines."""
    for _ in range(5):
        assert created(running) == 200
    assert httpx.get(f"{running.url}/readyz", trust_env=False, timeout=20).status_code == 200
    assert running.process is not None
    assert running.process.poll() is None


def test_a_gateway_without_output_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path / "data", None) as running:
        lives(running)
        assert running.process is not None
        links = Path(f"/proc/{running.process.pid}/fd")
        assert {os.readlink(links / number) for number in ("1", "2")} == {os.devnull}


def test_a_gateway_whose_output_is_full_goes_on_and_counts(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with serving(tmp_path / "data", full) as running:
            lives(running)
            until(lambda: lost(running) > 0)
    finally:
        os.close(full)


def test_a_gateway_whose_reader_is_gone_goes_on_and_counts(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with serving(tmp_path / "data", writer) as running:
            lives(running)
            until(lambda: lost(running) > 0)
    finally:
        os.close(writer)


@pytest.fixture
def stuffed() -> Iterator[tuple[int, IO[bytes]]]:
    """A pipe that is full, and what reads from it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4_095 + b"\n")
    os.set_blocking(writer, True)
    with os.fdopen(reader, "rb") as reading:
        yield writer, reading


def test_a_gateway_whose_output_nobody_reads_goes_on(
    tmp_path: Path, stuffed: tuple[int, IO[bytes]]
) -> None:
    """Also from the start, as after one that ended; what waits is kept, and read later."""
    writer, reading = stuffed
    with serving(tmp_path / "data", writer) as running:
        lives(running)
        os.close(writer)
        said = b""
        while b"Try: " not in said or said.count(b"edge.answered") < 5:
            got = os.read(reading.fileno(), 65_536)
            assert got, said[-2_000:]
            said += got.replace(b"x", b"")
    said += reading.read()
    lines = [json.loads(one) for one in said.splitlines() if one.startswith(b"{")]
    assert not any(line["event"] == "telemetry.lines_lost" for line in lines)


def test_a_gateway_that_nobody_reads_stops_in_time(
    tmp_path: Path, stuffed: tuple[int, IO[bytes]]
) -> None:
    with serving(tmp_path / "data", stuffed[0]) as running:
        lives(running)
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < STOP_S_MAX
    os.close(stuffed[0])
