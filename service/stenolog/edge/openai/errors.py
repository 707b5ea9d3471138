"""Say no as OpenAI does: `error` with a message, a type, the parameter and a code."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from stenolog.edge.http.problems import Failure
from stenolog.wire.openai.errors import KEY_CODE, KEY_INVALID, RATE_CODE, error_body

REQUEST_ID = "X-Request-Id"  # what OpenAI's clients show as an answer's id
CODES = {401: KEY_CODE, 429: RATE_CODE}


def as_openai_error(failure: Failure, correlation_id: str, path: str) -> Response:
    """Answer with the sentence for the client; `param` is the first field that is wrong."""
    message = failure.detail or failure.title
    body = error_body(
        failure.status,
        KEY_INVALID if failure.status == 401 else message,
        param=failure.fields[0][0] if failure.fields else None,
        code=CODES.get(failure.status, failure.code.replace("-", "_")),
    )
    return Response(
        orjson.dumps(body),
        status_code=failure.status,
        headers={**failure.headers, REQUEST_ID: correlation_id},
        media_type="application/json",
    )
