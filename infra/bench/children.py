"""Child processes of the benchmark: each is ended by its own id, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 15  # the gateway drains within ten
LINE_BYTES_MAX = 64 << 20
PREFIX = "STENOLOG_"


@dataclass(frozen=True, slots=True)
class Child:
    """A running child that has said its first line."""

    process: asyncio.subprocess.Process
    first_line: str

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def rss_bytes(self) -> int:
        """Its resident memory, without its own children."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def loop_ms(self) -> float:
        """The processor time of its first thread, which runs its event loop."""
        ran = Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text().split()[0]
        return int(ran) / 1_000_000

    async def last_line(self) -> str:
        """What it says once its input has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return await _line(self.process)


@contextlib.asynccontextmanager
async def child(
    module: str,
    *arguments: str,
    errors: Path,
    settings: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> AsyncIterator[Child]:
    """`python -m module` until the block ends.

    `settings` are its `STENOLOG_*` variables, `given` is what it can read first.

    Raises:
        RuntimeError: It ended, or said nothing in time.
    """
    environment = {name: value for name, value in os.environ.items() if PREFIX not in name}
    environment |= {f"{PREFIX}{name}": value for name, value in (settings or {}).items()}
    with errors.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=environment,
            limit=LINE_BYTES_MAX,
        )
    try:
        assert process.stdin is not None
        process.stdin.write(given)
        yield Child(process, await _line(process))
    finally:
        await _end(process)


async def answer_of(module: str, given: bytes, *, errors: Path) -> bytes:
    """What `python -m module` prints for this input.

    Raises:
        RuntimeError: It failed; the last line that it wrote to stderr is in the message.
    """
    with errors.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    try:
        printed, _ = await process.communicate(given)
    finally:
        await _end(process)
    if process.returncode != 0:
        raise RuntimeError(f"{module} ended with status {process.returncode}: {_last_of(errors)}")
    return printed


def _last_of(errors: Path) -> str:
    lines = errors.read_text(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS_MAX)
    except TimeoutError as exc:
        raise RuntimeError(f"a child process said nothing for {START_SECONDS_MAX} s") from exc
    if not line:
        raise RuntimeError("a child process ended at once")
    return line.decode().strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS_MAX)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
