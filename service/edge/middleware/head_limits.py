"""A request's line and headers are bounded before anything looks at them."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from service.edge.middleware.correlation import correlation_of
from service.edge.problems import Failure, as_problem

HEADERS_BYTES_MAX = 32 * 1024  # a 4 KiB metadata header with room for seven more like it
QUERY_BYTES_MAX = 8 * 1024  # RFC 9110, 4.1 recommends to support at least 8,000 octets of URI
PATH_BYTES_MAX = 2 * 1024  # our longest has about 150


class HeadLimits:
    """Refuses with 414 or 431, in the same form on every surface."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's answer, or a refusal that names the limit."""
        failure = _refusal(scope) if scope["type"] == "http" else None
        if failure is None:
            await self._app(scope, receive, send)
        else:
            await as_problem(failure, correlation_of(scope))(scope, receive, send)


def _refusal(scope: Scope) -> Failure | None:
    query, path = scope["query_string"], scope.get("raw_path") or b""
    if len(query) > QUERY_BYTES_MAX or len(path) > PATH_BYTES_MAX:
        return Failure(
            status=414,
            code="uri-too-long",
            title="The URL is too long",
            detail=f"a path has at most {PATH_BYTES_MAX} bytes, a query {QUERY_BYTES_MAX}",
        )
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
    if size > HEADERS_BYTES_MAX:
        return Failure(
            status=431,
            code="headers-too-large",
            title="The headers are too large",
            detail=f"headers have at most {HEADERS_BYTES_MAX} bytes together",
        )
    return None
