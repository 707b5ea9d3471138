"""Give every request an id of ours: it is answered, and stands on each log line of the request."""

from __future__ import annotations

import random
import uuid

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-correlation-id"
SCOPE_KEY = "stenolog.correlation_id"

_generator = random.Random()  # our own: the shared one may be seeded by others


class Correlation:
    """Makes the id; an id from the client is ignored, because it could be forged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the id as `X-Correlation-Id`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = new_correlation_id()
        scope[SCOPE_KEY] = correlation_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (HEADER, correlation_of(scope).encode())
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        # A task starts with a copy of the context of whoever started it: for a pipelined request,
        # or after reading was resumed, that is the request before.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
        await self._app(scope, receive, send_with_id)


def continue_with(scope: Scope, correlation_id: str, **names: str) -> None:
    """Give the request another id of ours: that of the transcription it belongs to.

    The answer and all its log lines carry that id; the lines carry `names` too.
    """
    scope[SCOPE_KEY] = correlation_id
    structlog.contextvars.bind_contextvars(correlation_id=correlation_id, **names)


def new_correlation_id() -> str:
    """Make a UUIDv4 that is unique but no secret.

    It comes from a generator that the operating system seeded once: asking the system for every
    request gives up the interpreter's lock, which costs more than everything else here (DECISIONS
    78).
    """
    return str(uuid.UUID(int=_generator.getrandbits(128), version=4))


def correlation_of(scope: Scope) -> str:
    """Return the id of this request."""
    return str(scope[SCOPE_KEY])
