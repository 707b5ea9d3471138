"""JSON payloads read and written without losing anything, and what cannot be read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson

# AssemblyAI nests about seven levels. The interpreter's own limit depends on who calls, so the
# same payload could be readable in one process and not in another; this one does not.
DEPTH_MAX = 200


class ProjectionFailed(ValueError):
    """A projection cannot digest this transcription; the message holds nothing of its content."""


def read_object(payload: bytes) -> dict[str, Any]:
    """The JSON object in `payload`; integers of any size survive.

    Raises:
        ProjectionFailed: It is not JSON, not an object, nested too deeply, or holds a number that
            is none.
    """
    try:
        value = json.loads(payload, parse_constant=_refuse, parse_float=_finite)
    except ProjectionFailed:
        raise
    except (ValueError, RecursionError) as exc:
        raise ProjectionFailed(f"the payload is not readable JSON ({type(exc).__name__})") from exc
    if not isinstance(value, dict):
        raise ProjectionFailed(f"the payload is a JSON {type(value).__name__}, not an object")
    if _deeper_than(value, DEPTH_MAX):
        raise ProjectionFailed(f"the payload is nested more than {DEPTH_MAX} levels deep")
    return value


def encode(value: object) -> bytes:
    """A value from `read_object`, or made of such, as JSON on one line."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # Integers beyond 64 bits and lone surrogates are what orjson refuses and JSON knows.
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def text_or_none(value: object) -> str | None:
    """`value` when it is a string, in a form that a store of UTF-8 can hold; else None."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode("utf-8")


def number_or_none(value: object) -> float | None:
    """`value` when it is a number that a float can hold; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def object_or_empty(value: object) -> Mapping[str, Any]:
    """`value` when it is a JSON object; else an empty one."""
    return value if isinstance(value, dict) else {}


def _refuse(constant: str) -> NoReturn:
    raise ProjectionFailed("the payload holds NaN or Infinity, which JSON does not know")


def _finite(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise ProjectionFailed("the payload holds a number that no float can hold")
    return number


def _deeper_than(value: object, depth_max: int) -> bool:
    level = [value]
    for _ in range(depth_max):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)  # type: ignore[attr-defined]
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
