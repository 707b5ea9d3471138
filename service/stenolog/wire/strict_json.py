"""Read a stranger's JSON: an object of bounded depth that can be written and stored again."""

from __future__ import annotations

import json
from math import isfinite
from typing import NoReturn

from stenolog.errors import InvalidRequest, PayloadTooLarge

BODY_BYTES_MAX = 1_048_576  # 1,000 key terms of six words with room to spare
DEPTH_MAX = 32  # the deepest documented parameter has six


def parse_object(body: bytes, *, bytes_max: int = BODY_BYTES_MAX) -> dict[str, object]:
    """Parse the JSON object in `body`; integers keep any size, the last of a repeated key counts.

    A byte order mark before it is passed over, as RFC 8259 allows: .NET's clients write one.

    Raises:
        PayloadTooLarge: The body is over `bytes_max`.
        InvalidRequest: It is not UTF-8 or not JSON, not an object, nested deeper than
            `DEPTH_MAX`, or holds NaN, an infinity, or half of a surrogate pair.
    """
    if len(body) > bytes_max:
        raise PayloadTooLarge(f"The request body is over {bytes_max} bytes")
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        raise InvalidRequest("The request body is not valid JSON") from exc
    if not isinstance(value, dict):
        raise InvalidRequest("The request body must be a JSON object")
    _check(value)
    return value


def _refuse(constant: str) -> NoReturn:
    """JSON has no NaN and no infinities."""
    raise ValueError(constant)


def _check(root: object) -> None:
    """Depth, text and numbers, without recursion."""
    level: list[object] = [root]
    for _ in range(DEPTH_MAX):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, str):
                _check_text(value)
            elif isinstance(value, float) and not isfinite(value):
                raise InvalidRequest("The request body holds a number that is too large")
        level = below
        if not level:
            return
    raise InvalidRequest(f"The request body is nested deeper than {DEPTH_MAX} levels")


def _check_text(text: str) -> None:
    """Half a surrogate pair is not a character: it could not be encoded again."""
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise InvalidRequest("The request body holds a string that is not valid Unicode") from exc
