"""Read a stranger's JSON: an object of bounded size that can be written and stored again."""

from __future__ import annotations

import json
from math import isfinite
from typing import NoReturn

from stenolog.errors import InvalidRequest, PayloadTooLarge

BODY_BYTES_MAX = 1_048_576  # 1,000 key terms of six words with room to spare
DEPTH_MAX = 32  # the deepest documented parameter has six
# DECISIONS 124: values and names together. 1,000 key terms are 1,000; 1,000 entries of
# `custom_spelling` with three spellings each are 9,000. A MiB of empty lists would be 350,000, and
# takes 80 ms to read.
NODES_MAX = 20_000
# The largest double has 309 digits; to read thousands takes time by the square of their number.
NUMBER_CHARS_MAX = 308
TOO_LARGE_NUMBER = "The request body holds a number that is too large"


def parse_object(body: bytes, *, bytes_max: int = BODY_BYTES_MAX) -> dict[str, object]:
    """Parse the JSON object in `body`; integers stay whole, the last of a repeated key counts.

    A byte order mark before it is passed over, as RFC 8259 allows: .NET's clients write one. A MiB
    takes up to 35 ms, and the interpreter's lock is held for up to 10 ms of that in one piece.

    Raises:
        PayloadTooLarge: The body is over `bytes_max`.
        InvalidRequest: It is not UTF-8 or not JSON, not an object, nested deeper than
            `DEPTH_MAX`, has more than `NODES_MAX` values and names, or holds NaN, an infinity, a
            number over `NUMBER_CHARS_MAX` characters, or half of a surrogate pair.
    """
    if len(body) > bytes_max:
        raise PayloadTooLarge(f"The request body is over {bytes_max} bytes")
    if _has_more_nodes(body, NODES_MAX):
        raise InvalidRequest(
            f"The request body holds too much: {NODES_MAX} values and names at most, all together"
        )
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_refuse,
            parse_int=_integer,
            parse_float=_float,
        )
    except (ValueError, RecursionError) as exc:
        raise InvalidRequest("The request body is not valid JSON") from exc
    if not isinstance(value, dict):
        raise InvalidRequest("The request body must be a JSON object")
    _check(value)
    return value


def _has_more_nodes(body: bytes, most: int) -> bool:
    """Count values and names without making them; what is not JSON gives any answer.

    Every value but the first of all follows a comma or begins what a bracket opens, and a colon
    follows every name.
    """
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if body.count(b'"') > 2 * most:
        return True
    outside = b"0".join(body.split(b'"')[::2])  # every string has become a digit
    upper = 1 + sum(map(outside.count, (b",", b":", b"[", b"{")))
    if upper <= most or upper > 2 * most:
        return upper > most
    dense = outside.translate(None, b" \t\r\n")
    return upper - dense.count(b"[]") - dense.count(b"{}") > most


def _refuse(constant: str) -> NoReturn:
    """JSON has no NaN and no infinities."""
    raise ValueError(constant)


def _integer(literal: str) -> int:
    _refuse_long(literal)
    return int(literal)


def _float(literal: str) -> float:
    _refuse_long(literal)
    return float(literal)


def _refuse_long(literal: str) -> None:
    if len(literal) > NUMBER_CHARS_MAX:
        raise InvalidRequest(TOO_LARGE_NUMBER)


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
                raise InvalidRequest(TOO_LARGE_NUMBER)
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
