"""Read numbers as people say them: "one, two, three", "nineteen eighty two", "double five"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenolog.intelligence.pii_tokens import Token

_UNITS = "zero one two three four five six seven eight nine"
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
UNITS = {word: value for value, word in enumerate(_UNITS.split())}
TEENS = {word: value for value, word in enumerate(_TEENS.split(), 10)}
TENS = {word: value for value, word in enumerate(_TENS.split(), 2)}
SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
TIMES = {"double": 2, "triple": 3}
BETWEEN = frozenset({"dash", "hyphen", "space"})
OH = frozenset({"oh", "o"})
GROUP_MIN = 3  # digits of a group, as in a phone number, that a full stop does not end
HUNDRED = 100

_DIGITS = re.compile(r"\+?\(?\d[\d().\-/]*")
_NOT_DIGIT = re.compile(r"\D")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_CODE = re.compile(r"(?=.*\d)[A-Za-z]{1,4}-?[\dA-Za-z-]*\d[\dA-Za-z-]*|\d+[A-Za-z][\dA-Za-z-]*\d")
_LETTER = re.compile(r"[A-Z]\.?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRun:
    """Number words that follow each other.

    Attributes:
        first: The place of the first word; `last` is that behind the last one.
        digits: All their digits in a row; letters of a code are left out.
        letters: How many there are of these.
        quantity: It says how much or how many ("two hundred fifty", "1,200"), and no code.
    """

    first: int
    last: int
    digits: str
    letters: int
    quantity: bool

    @property
    def value(self) -> int:
        """The digits as a number."""
        return int(self.digits[:18])


def number_runs(tokens: Sequence[Token]) -> Iterator[NumberRun]:
    """Yield every number, in order.

    A full stop ends a number, unless single digits or groups of three and more are around it:
    recognisers put one between groups. Letters that are read out with digits belong to them.
    """
    at = 0
    while at < len(tokens):
        run = _run(tokens, at)
        if run is None:
            at += 1
        else:
            yield run
            at = run.last


def is_digit_word(token: Token) -> bool:
    """Tell whether a word is one digit, or digits."""
    return token.low in UNITS or bool(_DIGITS.fullmatch(token.core))


def _run(tokens: Sequence[Token], begin: int) -> NumberRun | None:
    digits: list[str] = []
    at = end = begin
    quantity = False
    while at < len(tokens):
        piece = _piece(tokens, at, bool(digits))
        if piece is None:
            if digits and tokens[at].low in BETWEEN:
                at += 1
                continue
            break
        text, behind, counts = piece
        if digits and tokens[end - 1].ends and not (_stands(digits[-1]) and _stands(text)):
            break
        digits.append(text)
        quantity = quantity or counts
        at = end = behind
    if not any(digits):
        return None
    joined = "".join(digits)
    return NumberRun(
        first=begin,
        last=end,
        digits=joined,
        letters=sum(map(_letters, tokens[begin:end])),
        quantity=quantity and _counts(tokens, begin, end),
    )


def _stands(piece: str) -> bool:
    return len(piece) <= 1 or len(piece) >= GROUP_MIN


def _letters(token: Token) -> int:
    """Return how many letters of a code a word has: none when it is a number word."""
    if len(token.core) > 1 and token.core.isalpha():
        return 0
    return sum(map(str.isalpha, token.core))


def _counts(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Tell whether a number with "hundred" or commas is one number, not one among digits."""
    return sum(token.low in UNITS for token in tokens[first:last]) <= 3


def _piece(tokens: Sequence[Token], at: int, within: bool) -> tuple[str, int, bool] | None:
    """Return the digits of what stands at a place, the place behind, and whether it counts."""
    token = tokens[at]
    if token.low in TIMES and at + 1 < len(tokens) and tokens[at + 1].low in UNITS:
        return str(UNITS[tokens[at + 1].low]) * TIMES[token.low], at + 2, False
    if token.low in OH and (within or (at + 1 < len(tokens) and is_digit_word(tokens[at + 1]))):
        return "0", at + 1, False
    if _THOUSANDS.fullmatch(token.core):
        return _NOT_DIGIT.sub("", token.core), at + 1, True
    if _DIGITS.fullmatch(token.core):
        return _NOT_DIGIT.sub("", token.core), at + 1, False
    if _CODE.fullmatch(token.core) and sum(map(str.isdigit, token.core)) >= 2:
        return _NOT_DIGIT.sub("", token.core), at + 1, False
    if _LETTER.fullmatch(token.core + token.trail[:1].replace(",", "")) and _before_digits(
        tokens, at, within
    ):
        return "", at + 1, False
    return _spelled(tokens, at)


def _before_digits(tokens: Sequence[Token], at: int, within: bool) -> bool:
    """Tell whether a letter is read out with digits; a lone "I" or "A" is a word."""
    if tokens[at].core not in ("A", "I") and within:
        return True
    ahead = at + 1
    while ahead < len(tokens) and _LETTER.fullmatch(tokens[ahead].core):
        ahead += 1
    if tokens[at].core in ("A", "I") and ahead == at + 1 and not within:
        return False
    return ahead < len(tokens) and is_digit_word(tokens[ahead])


def _spelled(tokens: Sequence[Token], at: int) -> tuple[str, int, bool] | None:
    """Read one number in words: "eighty-two", "one hundred and two", "three thousand"."""
    small = _below_hundred(tokens, at)
    if small is None:
        return None
    value, behind = small
    counts = False
    if behind < len(tokens) and tokens[behind].low == "hundred":
        value, behind, counts = value * HUNDRED, behind + 1, True
        rest = behind + (behind < len(tokens) and tokens[behind].low == "and")
        more = _below_hundred(tokens, rest)
        if more is not None:
            value, behind = value + more[0], more[1]
    while behind < len(tokens) and tokens[behind].low in SCALES:
        value, behind, counts = value * SCALES[tokens[behind].low], behind + 1, True
    return str(value), behind, counts


def _below_hundred(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    if at >= len(tokens):
        return None
    low = tokens[at].low
    for table in (UNITS, TEENS):
        if low in table:
            return table[low], at + 1
    tens, _, unit = low.partition("-")
    if tens not in TENS:
        return None
    value = TENS[tens] * 10
    if unit:
        return (value + UNITS[unit], at + 1) if unit in UNITS else None
    following = tokens[at + 1].low if at + 1 < len(tokens) and not tokens[at].pauses else ""
    if UNITS.get(following, 0):
        return value + UNITS[following], at + 2
    return value, at + 1
