"""Run a simulated provider as a child process, where the engine cannot run."""

from __future__ import annotations

import secrets
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from stenolog.errors import CannotStart

START_S_MAX, STOP_S_MAX = 30.0, 5.0


@contextmanager
def simulated_provider() -> Iterator[dict[str, str]]:
    """Yield the environment of a gateway in front of it; it ends with the block.

    Raises:
        CannotStart: It did not say where it listens.
    """
    key = secrets.token_hex(16)
    process = subprocess.Popen(
        [sys.executable, "-m", "stenolog.simulator", "--port", "0", "--api-key", key],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_S_MAX)
        url = process.stdout.readline().strip() if ready else ""
        if not url.startswith("http"):
            raise CannotStart("the simulator did not say where it listens")
        yield {
            "STENOLOG_PROVIDER": "assemblyai",
            "STENOLOG_ASSEMBLYAI_API_KEY": key,
            "STENOLOG_ASSEMBLYAI_BASE_URL": url,
        }
    finally:
        process.terminate()
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
