"""A bare application on the real server, and raw clients that say to it what they like."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from stenolog.bootstrap.http.answer_room import AnswerRoom
from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.http.server import Server
from stenolog.bootstrap.serving import bind, server_for
from stenolog.edge.app import Application
from stenolog.edge.http.problems import FailureForm, as_problem, as_wire_error
from stenolog.edge.http.refused import refusing
from stenolog.telemetry import Metrics

DEADLINE_S = 10.0
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Served:
    """A server whose answers to `/held` wait until they may go."""

    def __init__(self, server: Server, port: int, metrics: Metrics) -> None:
        self.server = server
        self.port = port
        self.metrics = metrics
        self.asked = asyncio.Event()
        self.may_go = asyncio.Event()
        self.requests = 0
        self.large_answers = 0

    @property
    def figures(self) -> Any:
        return self.server.connections.figures

    async def plain(self, request: Request) -> Response:
        self.requests += 1
        try:
            return PlainTextResponse(str(len(await request.body())))
        except ClientDisconnect:
            return Response()  # nobody is left to be answered

    async def echo(self, request: Request) -> Response:
        """Everything of the request that the framing decides."""
        self.requests += 1
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response()
        return JSONResponse(
            {
                "method": request.method,
                "url": str(request.url.path),
                "headers": sorted(
                    [name, value]
                    for name, value in request.headers.items()
                    if name not in ("upgrade", "connection")
                ),
                "body": body.decode("latin-1"),
            }
        )

    async def refusing(self, request: Request) -> Response:
        return Response(status_code=401)

    async def large(self, request: Request) -> Response:
        self.large_answers += 1
        return Response(bytes(int(request.query_params["bytes"])))

    async def held(self, request: Request) -> Response:
        self.requests += 1
        self.asked.set()
        await self.may_go.wait()
        return PlainTextResponse("held")

    def add(self, path: str, handler: Callable[[Request], Awaitable[Any]]) -> None:
        """One more path, before those that take everything."""
        self.server.connections.app.routes.insert(0, Route(path, handler))  # type: ignore[attr-defined]  # a Starlette

    async def settled(self) -> None:
        """The server has read what was sent before."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def client(self, *, receives_bytes: int | None = None) -> Client:
        """Another connection; its socket takes about so many bytes before somebody reads."""
        end = socket.socket()
        end.setblocking(False)
        if receives_bytes is not None:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives_bytes)
        await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", self.port))
        return Client(*await asyncio.open_connection(sock=end))


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        """Not much of what was sent is still here."""
        async with asyncio.timeout(DEADLINE_S):
            await self._writer.drain()

    async def flood(self, piece: bytes, *, bytes_max: int) -> int:
        """Send it again and again until the server closes; how many bytes it took."""
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < bytes_max:
                self.send(piece)
                await self.drain()
                sent += len(piece)
        return sent

    def stop_reading(self) -> None:
        """From now on nothing is taken from the socket."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()

    def read_again(self) -> None:
        """What comes is taken again."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.resume_reading()

    async def answer(self) -> int:
        """The status of the next answer."""
        status, _ = await self.whole_answer()
        return status

    async def whole_answer(self) -> tuple[int, bytes]:
        """The status and the body of the next answer."""
        body = b""
        async with asyncio.timeout(DEADLINE_S):
            head = await self._reader.readuntil(b"\r\n\r\n")
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    body = await self._reader.readexactly(int(line.partition(b":")[2]))
        return int(head.split()[1]), body

    async def slowly(self, size: int, *, piece: int, pause_s: float) -> int:
        """Take so many bytes, a piece at a time; how many it were."""
        got = 0
        while got < size:
            async with asyncio.timeout(DEADLINE_S):
                data = await self._reader.read(piece)
            if not data:
                break
            got += len(data)
            await asyncio.sleep(pause_s)
        return got

    def end(self) -> None:
        """Nothing more is sent; the answer is still read."""
        self._writer.write_eof()

    async def read_to_end(self) -> bytes:
        """All that comes until the server ends; whatever it does then is raised."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.resume_reading()
        async with asyncio.timeout(DEADLINE_S):
            return await self._reader.read()

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        async with asyncio.timeout(DEADLINE_S):
            with contextlib.suppress(ConnectionResetError):
                return await self._reader.read()
            return b""

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def form_at(path: str) -> FailureForm:
    return as_wire_error if path.startswith("/v2/") else as_problem


@contextlib.asynccontextmanager
async def serving(
    limits: Limits | None = None, room: AnswerRoom | None = None
) -> AsyncIterator[Served]:
    """A server with these limits; at the end no connection and no byte is left in its books."""
    metrics = Metrics()
    app = Application(routes=[], refusing=refusing(form_at, metrics))
    listener = bind("127.0.0.1", 0)
    server = server_for(app, limits, room)
    served = Served(server, listener.getsockname()[1], metrics)
    app.router.routes += [
        Route("/", served.plain, methods=METHODS),
        Route("/refused", served.refusing, methods=["POST"]),
        Route("/held", served.held),
        Route("/large", served.large),
        Route("/{path:path}", served.echo, methods=METHODS),
    ]
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield served
    finally:
        served.may_go.set()
        server.stop()
        await running
        listener.close()
        assert not server.server_state.connections
        figures = server.connections.figures
        assert (figures.connections, figures.ahead_bytes, figures.answers_bytes) == (0, 0, 0)


@contextlib.asynccontextmanager
async def connected(limits: Limits | None = None) -> AsyncIterator[tuple[Served, Client]]:
    """A connection to a server with these limits."""
    async with serving(limits) as served:
        client = await served.client()
        try:
            yield served, client
        finally:
            served.may_go.set()
            await client.close()


def as_json(body: bytes) -> Any:
    return json.loads(body)
