"""Read and write JSON payloads without losing anything, and name what cannot be read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import orjson

# AssemblyAI nests about seven levels. The interpreter's own limit depends on who calls, so the
# same payload could be readable in one process and not in another; this one does not.
DEPTH_MAX = 200
DIGITS_MAX = 18  # of an integer that surely has no more than 64 bits


class ProjectionFailed(ValueError):
    """A projection cannot process this transcription; the message holds none of its content."""


class Document(dict[str, Any]):
    """A JSON object that keeps how each of its members was written.

    As a mapping it has the last value of a repeated name, as in the standard library.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._spans: list[tuple[str, int, int, int]] = []

    def members(self) -> Iterator[tuple[str, bytes]]:
        """Yield each member in order, also repeated ones: name, and `"name": value` as written."""
        for name, start, _, end in self._spans:
            yield name, self._written(start, end)

    def written(self, name: str) -> bytes:
        """Return the value of a member as it was written.

        Raises:
            KeyError: There is none of this name.
        """
        for known, _, start, end in reversed(self._spans):
            if known == name:
                return self._written(start, end)
        raise KeyError(name)

    def add(self, name: str, value: object, span: tuple[int, int, int]) -> None:
        """One more member: where it begins in the text, where its value does, and its end."""
        self[name] = value
        self._spans.append((name, *span))

    def changed(self, values: Mapping[str, Any]) -> Document:
        """Return the document with other values of some members, which stand behind the others."""
        pieces: list[str] = []
        spans: list[tuple[str, int, int, int]] = []
        at = 1  # behind the brace
        for name, start, begins, end in self._spans:
            if name not in values:
                pieces.append(self._text[start:end])
                spans.append((name, at, at + begins - start, at + end - start))
                at += end - start + 1
        for name, value in values.items():
            named = encode(name).decode() + ":"
            piece = named + encode(value).decode()
            pieces.append(piece)
            spans.append((name, at, at + len(named), at + len(piece)))
            at += len(piece) + 1
        made = Document("{" + ",".join(pieces) + "}")
        for name, *span in spans:
            made.add(name, values.get(name, self.get(name)), (span[0], span[1], span[2]))
        return made

    def _written(self, start: int, end: int) -> bytes:
        # Half a surrogate pair is no UTF-8; in JSON a backslash form of it is the same.
        return self._text[start:end].encode("utf-8", "backslashreplace")


def read_object(payload: bytes) -> Document:
    """Return the JSON object in `payload`; integers of any size survive.

    A number that no float can hold, such as 1e400, is None: its value is not known here, and
    `Document.members` has it as it was written.

    Raises:
        ProjectionFailed: It is not JSON, not an object, or nested too deeply.
    """
    try:
        document = _read(payload.decode(json.detect_encoding(payload), "surrogatepass"))
    except ProjectionFailed:
        raise
    except (ValueError, RecursionError) as exc:
        raise ProjectionFailed(f"the payload is not readable JSON ({type(exc).__name__})") from exc
    if _deeper_than(document, DEPTH_MAX):
        raise ProjectionFailed(f"the payload is nested more than {DEPTH_MAX} levels deep")
    return document


def encode(value: object) -> bytes:
    """Return a value from `read_object`, or made of such, as JSON on one line."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # Integers beyond 64 bits and lone surrogates are what orjson refuses and JSON knows.
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def decode(value: bytes) -> Any:
    """Return what `encode` was given, of its bytes."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return json.loads(value)


def rewritten(value: bytes, change: Callable[[object], object]) -> orjson.Fragment:
    """Return a value of `Document.written`, changed; for `encode`, as the value of a member.

    A number is spelled as it was, unless half a surrogate pair is in a string beside it.
    """
    try:
        changed = change(SPELLED.decode(value.decode()))
        option = orjson.OPT_PASSTHROUGH_SUBCLASS
        return orjson.Fragment(orjson.dumps(changed, default=_as_written, option=option))
    except orjson.JSONEncodeError:
        return orjson.Fragment(encode(change(DECODER.decode(value.decode()))))


def text_or_none(value: object) -> str | None:
    """`value` when it is a string, in a form that a store of UTF-8 can hold; else None."""
    if not isinstance(value, str):
        return None
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def number_or_none(value: object) -> float | None:
    """`value` when it is a number that a float can hold; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _read(text: str) -> Document:
    """Return the object, one member after the other: the library tells where each of them ends."""
    opened = OPENED.match(text)
    if opened is None:
        raise ProjectionFailed(f"the payload is a JSON {type(DECODER.decode(text)).__name__}")
    document = Document(text)
    at, ended = opened.end(), bool(opened[1])
    while not ended:
        named = NAMED.match(text, at)
        name, begins = (named[1], named.end()) if named else _odd_name(text, at)
        value, ends = DECODER.raw_decode(text, begins)
        document.add(name, value, (at, begins, ends))
        followed = FOLLOWED.match(text, ends)
        if followed is None:
            raise ValueError("no end of a member")
        at, ended = followed.end(), followed[1] == "}"
    if at != len(text):
        raise ValueError("more behind the object")
    return document


def _odd_name(text: str, at: int) -> tuple[str, int]:
    """Return a name that is not plain, and where its value begins."""
    name, at = DECODER.raw_decode(text, at)
    colon = COLON.match(text, at)
    if not isinstance(name, str) or colon is None:
        raise ValueError("no member")
    return name, colon.end()


def _refuse(constant: str) -> NoReturn:
    # DECISIONS 63: no client could read it either.
    raise ProjectionFailed("the payload holds NaN or Infinity, which JSON does not know")


def _finite(literal: str) -> float | None:
    number = float(literal)
    return None if math.isinf(number) else number


class WrittenFloat(float):
    """A number that knows how it was written; one that no float can hold is infinite."""

    def __new__(cls, literal: str) -> WrittenFloat:
        """Read `literal`."""
        number = super().__new__(cls, literal)
        number.literal = literal
        return number

    literal: str


class WrittenInteger(int):
    """An integer that knows how it was written."""

    def __new__(cls, literal: str) -> WrittenInteger:
        """Read `literal`."""
        number = super().__new__(cls, literal)
        number.literal = literal
        return number

    literal: str


def _integer(literal: str) -> int:
    whole = len(literal) <= DIGITS_MAX and literal != "-0"
    return int(literal) if whole else WrittenInteger(literal)


def _as_written(value: object) -> orjson.Fragment:
    assert isinstance(value, WrittenFloat | WrittenInteger)
    return orjson.Fragment(value.literal)


DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
# Reads numbers that orjson would refuse, or write in another way, as they are written.
SPELLED = json.JSONDecoder(parse_constant=_refuse, parse_float=WrittenFloat, parse_int=_integer)
# RFC 8259: what stands between values. A plain name has no escapes in it.
OPENED = re.compile(r"[ \t\n\r]*\{[ \t\n\r]*(\}?)[ \t\n\r]*")
NAMED = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')
COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
FOLLOWED = re.compile(r"[ \t\n\r]*([,}])[ \t\n\r]*")


CONTAINERS = frozenset({dict, list})  # what the library makes, and no class beside them


def _deeper_than(value: object, depth_max: int) -> bool:
    level: list[Any] = [value]
    for _ in range(depth_max):
        level = [
            child
            for node in level
            for child in (node if type(node) is list else node.values())
            if type(child) in CONTAINERS
        ]
        if not level:
            return False
    return True
