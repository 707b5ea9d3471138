"""Run uvicorn's server without its pauses: it ends as soon as it is to and all is answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import uvicorn

from stenolog.bootstrap.http.accepting import Accepting
from stenolog.bootstrap.http.connection import Connection
from stenolog.bootstrap.http.connections import Connections

BACKLOG = 2_048  # connections that the system keeps for us
TICK_SECONDS = 1  # the date in answers is made anew
LOOK_SECONDS = 0.005  # for connections that have ended, while it stops


class Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it, and connections to `Connection`."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        """`connections` are those that are served."""
        super().__init__(config)
        self.connections = connections
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take no more connections, and end once those under way are answered."""
        self.should_exit = True
        self._stopping.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; how many connections begin in a turn is ours to say, not asyncio's."""
        connection = partial(Connection, self.connections, self.server_state)
        accepting = [Accepting(one, self.connections, connection) for one in sockets or ()]
        self.servers = cast("Any", accepting)  # each is closed, and waited for
        self.started = True

    async def main_loop(self) -> None:
        """Tick until `stop`; uvicorn's own looks for that ten times a second."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every connection after the answer that is under way, within the configured time."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while state.connections or state.tasks:  # noqa: ASYNC110 - uvicorn has no event
                    await asyncio.sleep(LOOK_SECONDS)
                for server in self.servers:
                    await server.wait_closed()
        for task in state.tasks:
            task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn would end the process by the same signal, before anything is closed."""
        yield
