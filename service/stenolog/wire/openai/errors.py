"""Write errors as OpenAI does: one object, with a message, a type, a parameter and a code.

Source: OpenAI's API reference, "Error codes"; its Python client 3.57 reads `message`, `type`,
`param` and `code` of the member `error`.
"""

from __future__ import annotations

INVALID = "invalid_request_error"
TOO_MANY = "requests"
SERVER = "server_error"
KEY_INVALID = (
    "Incorrect API key provided: send one of this gateway's as `Authorization: Bearer`, "
    "`stenolog keys create` makes one."
)
KEY_CODE = "invalid_api_key"
RATE_CODE = "rate_limit_exceeded"


def error_body(
    status: int, message: str, *, param: str | None = None, code: str | None = None
) -> dict[str, object]:
    """Return the body of an error with this status."""
    match status:
        case 429:
            kind = TOO_MANY
        case _ if status >= 500:
            kind = SERVER
        case _:
            kind = INVALID
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
