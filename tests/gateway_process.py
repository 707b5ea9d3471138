"""A whole gateway as a process of its own, as an operator would start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
READY_S_MAX = 30.0
STOP_S_MAX = 12.0
SERVE = ("-m", "stenolog.cli.main", "serve")


class GatewayProcess:
    """`stenolog serve` on a free port; what it said is in `said`."""

    def __init__(
        self,
        data_dir: Path,
        settings: Mapping[str, str] | None = None,
        run: tuple[str, ...] = SERVE,
    ) -> None:
        self.data_dir = data_dir
        self.url = ""
        self._run = run
        self._settings = {f"STENOLOG_{name}": value for name, value in (settings or {}).items()}
        data_dir.mkdir(parents=True, exist_ok=True)
        self._output = data_dir / "said"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> str:
        return (self.data_dir / "api-key").read_text().strip()

    @property
    def said(self) -> str:
        return self._output.read_text(errors="replace")

    def start(self, *, wait: bool = True) -> GatewayProcess:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("STENOLOG_")}
        with self._output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self._run, "--port", "0", "--data-dir", str(self.data_dir)],
                cwd=ROOT,
                env={**environ, **self._settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        ends = time.monotonic() + READY_S_MAX
        while time.monotonic() < ends:
            assert self.process is not None
            assert self.process.poll() is None, self.said
            if self._is_ready():
                return
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.said}")

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_S_MAX)

    def _is_ready(self) -> bool:
        try:
            self.url = json.loads((self.data_dir / "lock").read_text())["url"]
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, ValueError, KeyError):
            return False


@contextmanager
def gateway(
    data_dir: Path, settings: Mapping[str, str] | None = None, run: tuple[str, ...] = SERVE
) -> Iterator[GatewayProcess]:
    """A gateway that is ready; it must end with status 0."""
    process = GatewayProcess(data_dir, settings, run).start()
    try:
        yield process
    finally:
        status = process.stop()
    assert status == 0, process.said


def before(simulator_url: str, key: str, **more: str) -> dict[str, str]:
    """The settings of a gateway in front of a simulator."""
    return {"ASSEMBLYAI_API_KEY": key, "ASSEMBLYAI_BASE_URL": simulator_url, **more}


def children(pid: int, word: str = "") -> list[int]:
    """The processes that `pid` started and whose command line has this word."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            if word in Path(f"/proc/{child}/cmdline").read_text():
                found.append(int(child))
    return found
