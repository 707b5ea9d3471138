"""Say no as AIMLAPI does: `message`, with the path, an id and the time beside it."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from stenolog.clock import now_us, rfc3339
from stenolog.edge.http.problems import Failure
from stenolog.wire.aimlapi.errors import (
    BODY_INVALID,
    INTERNAL_ERROR,
    KEY_INVALID,
    NOT_FOUND,
    SERVER_ERROR,
    TIMEOUT,
    TOO_MANY_REQUESTS,
    error_body,
)

SENTENCES = {
    401: KEY_INVALID,
    404: NOT_FOUND,
    429: TOO_MANY_REQUESTS,
    500: INTERNAL_ERROR,
    503: SERVER_ERROR,
    504: TIMEOUT,
}
# Behind these, what can be done about it.
EXPLAINED = {400: BODY_INVALID, 504: TIMEOUT}


def as_aimlapi_error(failure: Failure, correlation_id: str, path: str) -> Response:
    """Answer with AIMLAPI's own sentence where it has one for the status."""
    body = error_body(
        failure.status,
        _message(failure),
        path=path,
        request_id=correlation_id,
        timestamp=rfc3339(now_us()),
    )
    return Response(
        orjson.dumps(body),
        status_code=failure.status,
        headers=dict(failure.headers),
        media_type="application/json",
    )


def _message(failure: Failure) -> str:
    if failure.detail and failure.status in EXPLAINED:
        return f"{EXPLAINED[failure.status]} {failure.detail}"
    return SENTENCES.get(failure.status) or failure.detail or failure.title
