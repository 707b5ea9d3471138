"""A TCP server that does exactly what a test says, and knows what is still open."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import anyio

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
WAIT_S_MAX = 5


@dataclass
class Scripted:
    host: str = "127.0.0.1"
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


Script = Callable[[Scripted, Reader, Writer], Awaitable[None]]


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return (
        f"HTTP/1.1 {status}\r\n{''.join(line + chr(13) + chr(10) for line in lines)}\r\n".encode()
        + body
    )


def always(raw: bytes) -> Script:
    """Read a head and a body of known length, give this answer, and again."""

    async def script(server: Scripted, reader: Reader, writer: Writer) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = [
                line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            ]
            body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
            server.requests.append(head + body)
            writer.write(raw)
            await writer.drain()

    return script


async def silence(server: Scripted, reader: Reader, writer: Writer) -> None:
    """Read for ever, say nothing."""
    while data := await reader.read(65_536):
        server.requests.append(data)


@asynccontextmanager
async def serving(
    script: Script,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Scripted]:
    server = Scripted(host=host)

    async def handle(reader: Reader, writer: Writer) -> None:
        server.connections += 1
        server.open_connections += 1
        try:
            await script(server, reader, writer)
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            server.open_connections -= 1
            writer.close()

    listening = await asyncio.start_server(handle, host, port, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds, but not for ever."""
    with anyio.fail_after(WAIT_S_MAX):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other programs
            await anyio.sleep(0.002)
