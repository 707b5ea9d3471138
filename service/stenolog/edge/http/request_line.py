"""Write one log line and one count per request, at its end."""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stenolog.edge.ports import EdgeMetrics

ERROR_STATUS_MIN = 400
UNKNOWN_ROUTE = "unknown"
ABORTED = 499  # nobody was there any more to be answered; not an answer of ours

log = structlog.get_logger()


class RequestLine:
    """Writes the route's template only, because a path or a query may hold a token or an id.

    A read of an often-asked route that went well is a line at level debug.
    """

    def __init__(
        self, app: ASGIApp, metrics: EdgeMetrics, often_read: frozenset[str] = frozenset()
    ) -> None:
        """`often_read` are the templates of what probes and pollers read."""
        self._app = app
        self._metrics = metrics
        self._often_read = often_read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, and write the line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = ABORTED

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
            self._metrics.request(route, status)
            often = route in self._often_read and scope["method"] in ("GET", "HEAD")
            say = log.debug if often and status < ERROR_STATUS_MIN else log.info
            say(
                "edge.answered",
                method=scope["method"],
                route=route,
                status=status,
                took_ms=round((time.perf_counter() - began) * 1000, 2),
            )
