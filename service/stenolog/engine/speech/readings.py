"""Say how a written word may be spoken: numbers, amounts, times, addresses and letters. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

Reading = tuple[str, ...]
"""Words of a pronouncing dictionary, in lower case; a letter that is spelled out ends in a dot."""

Part = tuple[Reading, ...]
"""The readings of which one is spoken; an empty one means that it may be left out."""

LETTERS_MAX = 40  # of one run; nobody says more in one word
DIGITS_MAX = 40  # of one run, each of which may be a word
PARTS_MAX = 60  # of one written word, as a long address has them
SPELLED_MAX = 5  # letters of an abbreviation in capitals
CARDINAL_DIGITS_MAX = 12
YEAR_DIGITS = 4

_UNITS = "zero one two three four five six seven eight nine"
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety"
UNITS, TEENS, TENS = _UNITS.split(), _TEENS.split(), _TENS.split()
SCALES = ("", "thousand", "million", "billion")
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})
CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds"}
# What a sign may be spoken as; most may be left out too.
SIGNS: dict[str, Part] = {
    ".": ((), ("dot",), ("point",)),
    "@": (("at",),),
    "&": (("and",),),
    "%": (("percent",),),
    "+": (("plus",), ()),
    "-": ((), ("dash",), ("to",)),
    "/": ((), ("slash",)),
    "_": (("underscore",), ()),
    "#": (("number",), (), ("hashtag",)),
    ":": ((),),
}
# A full stop is spoken only inside of something.
_SILENT_ENDS = ".,:;?!…-–—\"'“”‘’()[]"
_PIECES = re.compile(r"\d{1,3}(?:,\d{3})+|\d+|[a-z]+(?:'[a-z]+)*|\S", re.IGNORECASE)


def spoken_parts(text: str) -> tuple[Part, ...]:
    """Return how a written word is spoken, part by part; empty when nothing in it can be said.

    Accents are dropped. What is longer than the limits above, or is of another script, has none.
    """
    plain = unicodedata.normalize("NFKD", text.replace("’", "'"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    pieces = _PIECES.findall(plain.strip(_SILENT_ENDS))
    parts = tuple(part for part in _parts(pieces) if part)
    is_said = any(min(map(len, part)) for part in parts)
    return parts if is_said and len(parts) <= PARTS_MAX else ()


def _parts(pieces: list[str]) -> Iterator[Part]:
    currency = ""
    for place, piece in enumerate(pieces):
        following = pieces[place + 1].lower() if place + 1 < len(pieces) else ""
        before = pieces[place - 1] if place else ""
        if piece in CURRENCIES:
            currency = CURRENCIES[piece]
        elif piece[0].isdigit():
            digits = piece.replace(",", "")
            if len(digits) <= DIGITS_MAX:
                yield _ordinal(digits) if following in ORDINAL_ENDS else _number(digits)
            if currency and following != ".":
                yield ((currency,), (currency.rstrip("s"),), (), ("cents",))
                currency = ""
        elif piece.lower() in ORDINAL_ENDS and before.isdigit():
            continue
        elif piece[0].isascii() and piece[0].isalpha():
            if len(piece) <= LETTERS_MAX:
                yield _letters(piece)
        elif piece == "." and currency:
            yield ((currency,), (currency, "and"), ("point",), ())
        else:
            yield SIGNS.get(piece, ())


def _letters(piece: str) -> Part:
    word = piece.lower()
    if 1 < len(piece) <= SPELLED_MAX and piece.isupper() and piece.isalpha():
        return ((word,), tuple(f"{letter}." for letter in word))
    return ((word,),)


def _number(digits: str) -> Part:
    """As a quantity, in pairs, digit by digit."""
    readings = [tuple(UNITS[int(digit)] for digit in digits)]
    if len(digits) <= CARDINAL_DIGITS_MAX:
        value = int(digits)
        if not digits.startswith("0") and len(digits) > 1:
            readings.append(cardinal(value))
            readings.append(tuple(_with_and(readings[-1])))
        if digits == "00":  # of a time of day
            readings += [(), ("o'clock",), ("hundred",)]
        elif len(digits) == 2 and digits.startswith("0"):
            readings.append((UNITS[value],))
        if len(digits) == YEAR_DIGITS:
            readings.append((*_pair(digits[:2]), *_later_pair(digits[2:])))
        elif len(digits) == YEAR_DIGITS - 1:
            readings.append((UNITS[int(digits[0])], *_later_pair(digits[1:])))
    return tuple(dict.fromkeys(readings))


def _ordinal(digits: str) -> Part:
    if len(digits) > CARDINAL_DIGITS_MAX:
        return _number(digits)
    *lead, last = cardinal(int(digits))
    regular = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return ((*lead, ORDINALS.get(last, regular)),)


def cardinal(value: int) -> Reading:
    """Return the words of a number of up to `CARDINAL_DIGITS_MAX` digits."""
    if value == 0:
        return (UNITS[0],)
    words: list[str] = []
    for scale in range(len(SCALES) - 1, -1, -1):
        group = value // 1_000**scale % 1_000
        if group:
            words.extend(_below_thousand(group))
            words.extend(SCALES[scale].split())
    return tuple(words)


def _below_thousand(value: int) -> Iterator[str]:
    if value >= 100:
        yield from (UNITS[value // 100], "hundred")
    if value % 100:
        yield from _pair(f"{value % 100:02}")


def _pair(digits: str) -> Reading:
    """Two digits as a number; a leading zero is not said."""
    tens, unit = int(digits[0]), int(digits[1])
    if tens == 1:
        return (TEENS[unit],)
    return (*((TENS[tens],) if tens else ()), *((UNITS[unit],) if unit or not tens else ()))


def _later_pair(digits: str) -> Reading:
    """Two digits behind others, as in "nineteen hundred", "nineteen oh five"."""
    if digits == "00":
        return ("hundred",)
    return (UNITS[0], *_pair(digits)) if digits[0] == "0" else _pair(digits)


def _with_and(reading: Reading) -> Iterator[str]:
    """Say "one hundred and two"."""
    for place, word in enumerate(reading):
        yield word
        if word == "hundred" and place + 1 < len(reading):
            following = reading[place + 1]
            if following not in SCALES:
                yield "and"
