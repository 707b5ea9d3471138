"""Start a process with pipes, of which nothing is left when that fails half-way."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence

CONNECTED_MS_MAX = 1_000  # pipes are connected by the loop alone, in its next turns


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
            await asyncio.wait_for(protocol.connected.wait(), CONNECTED_MS_MAX / 1000)
        if protocol.transport is not None:
            protocol.transport.close()  # which kills it
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
