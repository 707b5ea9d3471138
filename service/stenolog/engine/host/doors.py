"""Stand around the engine's application: check the key, and name this start in every answer."""

from __future__ import annotations

import secrets

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stenolog.engine.host.redacted_audio import PREFIX
from stenolog.wire.assemblyai import sentences

START_HEADER = b"x-engine-start"


class KeyCheck:
    """Lets a request through when its `authorization` is the engine's key."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app = app
        self._api_key = api_key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or 401; links to redacted audio are keys themselves."""
        if scope.get("path", "").startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        given = b"".join(
            value for name, value in scope.get("headers", ()) if name == b"authorization"
        )
        if secrets.compare_digest(given, self._api_key):
            await self._app(scope, receive, send)
        else:
            refusal = JSONResponse({"error": sentences.UNAUTHENTICATED}, status_code=401)
            await refusal(scope, receive, send)


class NamedStart:
    """Names this start of the engine in every answer; the ids of its jobs begin with it."""

    def __init__(self, app: ASGIApp, start: str) -> None:
        self._app = app
        self._header = (START_HEADER, start.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with one more header."""

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), self._header]
            await send(message)

        await self._app(scope, receive, named)
