"""Say with every answer what a browser or a cache may do with it."""

from __future__ import annotations

import asyncio
import hashlib

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.resource import Handler
from stenolog.edge.transcriptions.incomplete import INCOMPLETE

HASHED_INLINE_BYTES_MAX = 256 << 10  # a quarter of a millisecond
TAG_BYTES = 16


class CacheHeaders:
    """Lets nobody keep an answer that says nothing else, nor guess what it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with these headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                message["headers"] = headers.raw
            await send(message)

        await self._app(scope, receive, send_with_headers)


def revalidated(handler: Handler) -> Handler:
    """Let the caller keep what `handler` answers, and ask each time whether it is still so.

    An answer that the caller has is 304, without a body (RFC 9110, 13.1.2). One that may lack
    something is not kept: whoever keeps it would not be told that it has become whole.
    """

    async def answer(request: Request, caller: ApiKey) -> Response:
        response = await handler(request, caller)
        if INCOMPLETE in response.headers:
            return response
        return await tagged(request, response, "private, no-cache")

    return answer


async def tagged(request: Request, response: Response, cache_control: str) -> Response:
    """Return the response with a tag of its body; 304 where the caller has it."""
    if response.status_code != 200:
        return response
    tag = await _tag_of(bytes(response.body))
    headers = {"Cache-Control": cache_control, "ETag": tag}
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


async def _tag_of(body: bytes) -> str:
    if len(body) <= HASHED_INLINE_BYTES_MAX:
        return _hashed(body)
    return await asyncio.to_thread(_hashed, body)


def _hashed(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=TAG_BYTES).hexdigest()}"'


def _has(request: Request, tag: str) -> bool:
    given = ",".join(request.headers.getlist("if-none-match")).split(",")
    # RFC 9110, 13.1.2: a weak tag of a proxy that has packed the answer counts too.
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in given)
