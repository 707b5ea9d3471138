"""Run a real HTTP server on loopback in a test's event loop; it can be made unreachable."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

BACKLOG = 512

Transports = dict[Any, asyncio.Transport]


class LocalServer:
    """One ASGI application on one port, which it keeps while it refuses connections.

    It runs uvicorn's protocol without uvicorn's server, so there are no signal handlers, and it
    stops at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._config = uvicorn.Config(
            app, lifespan="off", ws="none", log_config=None, access_log=False
        )
        self._state = ServerState()
        self._transports: Transports = {}
        self._protocol = _tracked(self._transports)
        self._address: tuple[str, int] = ("127.0.0.1", 0)
        self._listening: asyncio.Server | None = None

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the block ends; gives the base URL, without a final slash.

        Raises:
            OSError: The port is taken.
        """
        if not self._config.loaded:
            self._config.load()
        # Bound and never listening: it keeps the port ours while connections are refused.
        with _bound(host, port) as reserved:
            self._address = reserved.getsockname()[:2]
            await self.accept()
            try:
                name = f"[{host}]" if ":" in host else host
                yield f"http://{name}:{self._address[1]}"
            finally:
                await self.refuse()
                await self._end_requests()

    async def accept(self) -> None:
        """Take connections, again after `refuse`."""
        if self._listening is not None:
            return
        with _bound(*self._address) as bound:
            self._listening = await asyncio.get_running_loop().create_server(
                lambda: self._protocol(self._config, self._state, {}),
                sock=bound.dup(),
                backlog=BACKLOG,
            )

    async def refuse(self) -> None:
        """Return when every connection is closed; new ones are refused by the system."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        while self._transports:
            for transport in tuple(self._transports.values()):
                transport.abort()
            await asyncio.sleep(0)

    async def drop(self, scope: Scope, receive: Receive) -> None:
        """Close the connection that a request came on, and wait until it is closed."""
        transport = self._transports.get(scope["client"])
        if transport is not None:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _end_requests(self) -> None:
        """End all requests with the server."""
        while self._state.tasks:
            for task in tuple(self._state.tasks):
                task.cancel()
            await asyncio.sleep(0)


def _tracked(transports: Transports) -> type[HttpToolsProtocol]:
    """Return a protocol that notes its connection by the client's address, to drop it later."""

    class Tracked(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a narrower type
            super().connection_made(transport)
            transports[self.client] = transport
            self._noted = self.client

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self._noted, None)
            super().connection_lost(exc)

    return Tracked


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket on an address that others may be bound to as well, as long as none listens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: asyncio switches Nagle's delay off only where it reads TCP.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        yield bound
