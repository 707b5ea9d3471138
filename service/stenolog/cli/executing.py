"""Run a shell command of the user's, and leave nothing of it running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping

ENDING_SECONDS = 5.0  # of a command that is told to end


async def executed(command: str, given: bytes, told: Mapping[str, str], timeout: int) -> str:
    """Run a shell command; return why it did not succeed, empty when it did.

    `given` is its standard input; `told` are variables of its environment besides ours.

    It and what it has started get SIGTERM when its time is over, and SIGKILL soon after.
    """
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **told},
    )
    try:
        async with asyncio.timeout(timeout):
            await process.communicate(given)
    except TimeoutError:
        return f"took over {timeout} s"
    finally:
        await _ended(process)
    return "" if process.returncode == 0 else f"exit status {process.returncode}"


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Return once neither the command nor anything in its session runs."""
    for number, seconds in ((signal.SIGTERM, ENDING_SECONDS), (signal.SIGKILL, ENDING_SECONDS)):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
