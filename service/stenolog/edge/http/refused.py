"""What the server refused by itself, answered in the form of the surface that was meant."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from stenolog.edge.http.cache_headers import CacheHeaders
from stenolog.edge.http.correlation import Correlation, correlation_of
from stenolog.edge.http.problems import Failure, FailureForm
from stenolog.edge.http.request_line import RequestLine
from stenolog.edge.ports import EdgeMetrics

SCOPE_KEY = "stenolog.refused"


def refusing(form_at: Callable[[str], FailureForm], metrics: EdgeMetrics) -> ASGIApp:
    """Build the application that answers with the `Failure` at `SCOPE_KEY`, counted and logged."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        failure: Failure = scope[SCOPE_KEY]
        path = scope["path"]
        await form_at(path)(failure, correlation_of(scope), path)(scope, receive, send)

    return Correlation(RequestLine(CacheHeaders(answer), metrics))
