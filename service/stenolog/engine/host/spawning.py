"""Start a process with pipes, of which nothing is left when that fails half-way."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence

# Pipes are connected by the loop alone, in its next turns; a process that is killed ends at once.
ENDED_MS_MAX = 1_000
# Nothing of the engine's environment is a worker's business but where programs and libraries are.
ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
LOOK_MS = 10  # nobody is told of its end, for want of the thread


def worker_environment(mine: Mapping[str, str], threads: int) -> dict[str, str]:
    """Return what a worker may know of its parent's environment."""
    kept = {name: mine[name] for name in ENVIRONMENT if name in mine}
    # numpy's own threads would compete with the models' for the same cores.
    return {**kept, "OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}


async def spawn(command: Sequence[str], environment: Mapping[str, str], line_bytes: int) -> Process:
    """Return the running process; `line_bytes` is the longest line that it may answer with.

    Raises:
        OSError: No descriptor, process or memory is left.
        RuntimeError: asyncio can start no thread to wait for the process; it was ended again.
    """
    loop = asyncio.get_running_loop()
    protocol = _Kept(line_bytes, loop)
    try:
        transport, _ = await loop.subprocess_exec(
            lambda: protocol, *command, stdin=PIPE, stdout=PIPE, stderr=None, env=environment
        )
    except RuntimeError:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDED_MS_MAX / 1000):
                await _end(protocol)
        raise
    return Process(transport, protocol, loop)


class _Kept(SubprocessStreamProtocol):
    """Knows its transport also where asyncio keeps it from the caller."""

    def __init__(self, line_bytes: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=line_bytes, loop=loop)
        self.connected = asyncio.Event()
        self.transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.SubprocessTransport)
        self.transport = transport
        self.connected.set()


async def _end(protocol: _Kept) -> None:
    """Kill the process, and collect its status, so that no zombie is left."""
    await protocol.connected.wait()
    assert protocol.transport is not None
    process = protocol.transport.get_extra_info("subprocess")
    protocol.transport.close()  # which kills it
    while process.poll() is None:  # noqa: ASYNC110 - a state of the system, which tells nobody
        await asyncio.sleep(LOOK_MS / 1000)
