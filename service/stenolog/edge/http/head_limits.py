"""Limit a request's line and headers before anything else looks at them."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.problems import Failure, FailureForm

HEADERS_BYTES_MAX = 32 * 1024  # a 4 KiB metadata header with room for seven more like it
QUERY_BYTES_MAX = 8 * 1024  # RFC 9110, 4.1 recommends to support at least 8,000 octets of URI
PATH_BYTES_MAX = 2 * 1024  # our longest has about 150


class HeadLimits:
    """Refuses with 414 or 431, in the form that `form_at` chooses for the path."""

    def __init__(self, app: ASGIApp, form_at: Callable[[str], FailureForm]) -> None:
        self._app = app
        self._form_at = form_at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or refuse and name the limit."""
        failure = _refusal(scope) if scope["type"] == "http" else None
        if failure is None:
            await self._app(scope, receive, send)
        else:
            path = scope["path"]
            form = self._form_at(path)
            await form(failure, correlation_of(scope), path)(scope, receive, send)


def _refusal(scope: Scope) -> Failure | None:
    query, path = scope["query_string"], scope.get("raw_path") or b""
    if len(query) > QUERY_BYTES_MAX or len(path) > PATH_BYTES_MAX:
        return Failure(
            status=414,
            code="uri-too-long",
            title="The URL is too long",
            detail="The URL is too long: "
            f"a path has at most {PATH_BYTES_MAX} bytes, a query {QUERY_BYTES_MAX}",
        )
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
    if size > HEADERS_BYTES_MAX:
        return Failure(
            status=431,
            code="headers-too-large",
            title="The headers are too large",
            detail=f"The headers are too large: {HEADERS_BYTES_MAX} bytes at most, all together",
        )
    return None
