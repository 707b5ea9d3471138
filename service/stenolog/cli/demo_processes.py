"""Start what the demo needs: a gateway on a free port of loopback, and the verification."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stenolog.cli.progress import Progress
from stenolog.errors import CannotStart
from stenolog.stores.files.directory import API_KEY, running

START_S_MAX = 30.0
STOP_S_MAX = 12.0
POLL_S = 0.02


async def verify(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run `stenolog log verify` as a process of its own, and return what it said."""
    words = [*stenolog(), "log", "verify", "--data-dir", str(directory)]
    return await asyncio.to_thread(
        subprocess.run, words, capture_output=True, text=True, check=False
    )


def stenolog() -> list[str]:
    """Return the command line that starts this very program."""
    return [sys.executable, "-m", "stenolog.cli.main"]


@contextmanager
def no_provider() -> Iterator[dict[str, str]]:
    """Yield the environment of a gateway that has only the embedded engine."""
    yield {"STENOLOG_PROVIDER": "local"}


@contextmanager
def served(directory: Path, environment: Mapping[str, str], progress: Progress) -> Iterator[None]:
    """Run a gateway on `directory` for as long as the block lasts.

    Raises:
        CannotStart: It ended, or did not answer in time; its last words are in the message.
    """
    errors = directory / "demo.log"
    with errors.open("wb") as stream:
        process = subprocess.Popen(
            [*stenolog(), "serve", "--port", "0", "--data-dir", str(directory)],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stream,
        )
    try:
        ends = time.monotonic() + START_S_MAX
        while running(directory) is None or not (directory / API_KEY).exists():
            if process.poll() is not None or time.monotonic() > ends:
                last = errors.read_text(errors="replace").strip().splitlines()[-1:]
                raise CannotStart(
                    f"the gateway did not start: {' '.join(last) or 'it said nothing'}"
                )
            progress.show("starting a gateway")
            time.sleep(POLL_S)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        ends = time.monotonic() + STOP_S_MAX
        while process.poll() is None and time.monotonic() < ends:
            progress.show("stopping the gateway")
            time.sleep(POLL_S)
        if process.poll() is None:
            process.kill()
            process.wait()
        progress.end("stopped")
