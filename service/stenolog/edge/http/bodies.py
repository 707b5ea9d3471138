"""Read bodies within named limits in bytes and in time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.requests import Request

from stenolog.arrivals import Arrivals
from stenolog.errors import PayloadTooLarge, RequestError

BODY_MS_MAX = 30_000  # for a whole JSON body
SMALL_BYTES = 16 << 10  # come without a place among the arrivals: that many are in one read
# An upload comes at 1 KiB a second at least, averaged over this time; a proxy may wait longer.
CHUNK_MS_MAX = 60_000
PACE_BYTES_MIN = 1 << 10  # a second


class BodyTooSlow(RequestError, code="body-too-slow"):
    """The body did not come in time; the message names the time."""


@contextlib.asynccontextmanager
async def whole_body(request: Request, *, bytes_max: int) -> AsyncIterator[bytes]:
    """Yield the whole body; one that says that it is too long is not read.

    A large one counts among the arrivals until the block ends: what waits in it is bounded.

    Raises:
        PayloadTooLarge: It is over `bytes_max`, or its Content-Length is.
        BodyTooSlow: It did not come within 30 s.
        StoreUnavailable: Too many large ones are on their way, and this was the slowest.
        ClientDisconnect: The client went away.
    """
    too_large = f"The request body is over {bytes_max} bytes"
    _refuse_declared(request, bytes_max, too_large)
    async with contextlib.AsyncExitStack() as held:
        try:
            async with asyncio.timeout(BODY_MS_MAX / 1000):
                body = await _gathered(request, bytes_max, too_large, held)
        except TimeoutError as exc:
            raise BodyTooSlow(f"The body did not come within {BODY_MS_MAX} ms") from exc
        yield body


async def streamed(
    request: Request, *, bytes_max: int, chunk_ms_max: int = CHUNK_MS_MAX
) -> AsyncIterator[bytes]:
    """Yield the body piece by piece; one that says that it is too long is not read.

    Only the time in which the sender is waited for counts.

    Raises:
        PayloadTooLarge: Its Content-Length is over `bytes_max`.
        BodyTooSlow: It came at less than 1 KiB a second.
        ClientDisconnect: The client went away.
    """
    _refuse_declared(request, bytes_max, f"The file is over {bytes_max} bytes")
    loop = asyncio.get_running_loop()
    chunks = request.stream()
    left_s = most_s = chunk_ms_max / 1000
    while True:
        began = loop.time()
        try:
            async with asyncio.timeout(left_s):
                chunk = await anext(chunks, None)
        except TimeoutError as exc:
            raise BodyTooSlow(
                f"The body came at less than {PACE_BYTES_MIN} bytes a second for {chunk_ms_max} ms"
            ) from exc
        if chunk is None:
            return
        # Each KiB earns a second of patience; it is never more than what there was to begin with.
        left_s = min(most_s, left_s - (loop.time() - began) + len(chunk) / PACE_BYTES_MIN)
        yield chunk


async def _gathered(
    request: Request, bytes_max: int, too_large: str, held: contextlib.AsyncExitStack
) -> bytes:
    gathered: list[bytes] = []
    size = 0

    def gather(chunk: bytes) -> None:
        nonlocal size
        size += len(chunk)
        if size > bytes_max:
            raise PayloadTooLarge(too_large)
        gathered.append(chunk)

    sent = request.stream()
    if declared_bytes(request) <= SMALL_BYTES:
        async for chunk in sent:
            gather(chunk)
            if size > SMALL_BYTES:
                break
        else:
            return b"".join(gathered)
    arrivals: Arrivals = request.app.state.arrivals
    place = await held.enter_async_context(arrivals.place())
    async for chunk in place.chunks(sent):
        gather(chunk)
    return b"".join(gathered)


def declared_bytes(request: Request) -> int:
    """Return how long the client says that the body is; 0 when it does not say."""
    length = request.headers.get("content-length", "")
    return int(length[:20]) if length.isascii() and length.isdigit() else 0


def _refuse_declared(request: Request, bytes_max: int, too_large: str) -> None:
    if declared_bytes(request) > bytes_max:
        raise PayloadTooLarge(too_large)
