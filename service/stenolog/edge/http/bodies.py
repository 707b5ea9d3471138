"""Read bodies within named limits in bytes and in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

from stenolog.errors import InvalidRequest, PayloadTooLarge

BODY_MS_MAX = 30_000  # for a whole JSON body
CHUNK_MS_MAX = 60_000  # between two pieces of an upload


async def read_body(request: Request, *, bytes_max: int) -> bytes:
    """Return the whole body; one that says that it is too long is not read.

    Raises:
        PayloadTooLarge: It is over `bytes_max`, or its Content-Length is.
        InvalidRequest: It did not come within 30 s.
        ClientDisconnect: The client went away.
    """
    too_large = f"The request body is over {bytes_max} bytes"
    _refuse_declared(request, bytes_max, too_large)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_MS_MAX / 1000):
            async for chunk in request.stream():
                size += len(chunk)
                if size > bytes_max:
                    raise PayloadTooLarge(too_large)
                chunks.append(chunk)
    except TimeoutError as exc:
        raise InvalidRequest(f"The body did not come within {BODY_MS_MAX} ms") from exc
    return b"".join(chunks)


async def streamed(request: Request, *, bytes_max: int) -> AsyncIterator[bytes]:
    """Yield the body piece by piece; one that says that it is too long is not read.

    Raises:
        PayloadTooLarge: Its Content-Length is over `bytes_max`.
        InvalidRequest: Nothing came for a minute.
        ClientDisconnect: The client went away.
    """
    _refuse_declared(request, bytes_max, f"The file is over {bytes_max} bytes")
    chunks = request.stream()
    while True:
        try:
            async with asyncio.timeout(CHUNK_MS_MAX / 1000):
                chunk = await anext(chunks, None)
        except TimeoutError as exc:
            raise InvalidRequest(f"Nothing came for {CHUNK_MS_MAX} ms") from exc
        if chunk is None:
            return
        yield chunk


def _refuse_declared(request: Request, bytes_max: int, too_large: str) -> None:
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > bytes_max:
        raise PayloadTooLarge(too_large)
