"""Let pages of the origins that the operator named call us from a browser.

Paths of callbacks never do: only providers call them.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

CALLBACKS = "/callbacks/"
METHODS = ("GET", "HEAD", "POST", "DELETE")
MAY_SEND = (
    "AssemblyAI-Agent",  # AssemblyAI's SDK for JavaScript in Chromium, and in other browsers:
    "User-Agent",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Stenolog-Provider",
    "Stenolog-Providers",
    "Stenolog-Region",
    "Stenolog-Subject",
    "Stenolog-Metadata",
)
MAY_READ = (
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Retry-After",
    "Stenolog-Incomplete",
    "Stenolog-Transcription-Id",
    "X-Correlation-Id",
    "X-Request-Id",
)
PREFLIGHT_SECONDS = 600  # a browser asks again after that; what was taken back is refused by then


def cross_origin(origins: Sequence[str]) -> list[Middleware]:
    """Return the middleware for preflights and answers; none without origins.

    A page shows its key in a header that it sends itself: no cookies, so no credentials.
    """
    if not origins:
        return []
    return [Middleware(CrossOrigin, origins=origins)]


class CrossOrigin:
    """Applies Starlette's own middleware to every path but those of callbacks."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self._app = app
        self._marked = CORSMiddleware(
            app,
            allow_origins=list(origins),
            allow_methods=METHODS,
            allow_headers=MAY_SEND,
            expose_headers=MAY_READ,
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the headers that a browser needs."""
        called_back = scope["type"] == "http" and scope["path"].startswith(CALLBACKS)
        await (self._app if called_back else self._marked)(scope, receive, send)
