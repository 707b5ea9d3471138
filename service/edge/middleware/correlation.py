"""Every request gets an id of ours; it is answered, and on every log line that it causes."""

from __future__ import annotations

import random
import uuid

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-correlation-id"
SCOPE_KEY = "stenolog.correlation_id"

_generator = random.Random()  # our own: the shared one may be seeded by others


class Correlation:
    """Makes the id; one that a client sends is not taken, so that it cannot be forged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's answer, with the id as `X-Correlation-Id`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = new_correlation_id()
        scope[SCOPE_KEY] = correlation_id
        header = (HEADER, correlation_id.encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        # The server runs each request in a context of its own: nothing has to be unbound.
        structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
        await self._app(scope, receive, send_with_id)


def new_correlation_id() -> str:
    """A UUIDv4 that is unique but no secret.

    From a generator that was seeded by the operating system once: asking it again for every
    request gives up the interpreter's lock, which costs more than everything else here.
    """
    return str(uuid.UUID(int=_generator.getrandbits(128), version=4))


def correlation_of(scope: Scope) -> str:
    """The id of this request."""
    return str(scope[SCOPE_KEY])
