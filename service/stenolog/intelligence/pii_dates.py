"""Find dates, times of day, durations, ages and amounts of money."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stenolog.intelligence.pii_tokens import Span, Token, said_before, word_set
from stenolog.intelligence.spoken_numbers import TEENS, TENS, UNITS, NumberRun, number_runs

MONTHS = word_set(
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
UNSURE = frozenset({"may", "march", "mar", "august"})  # also words: a day or a year must follow
WEEKDAYS = word_set("monday tuesday wednesday thursday friday saturday sunday")
BIRTH = frozenset({"birth", "birthday", "born", "dob", "birthdate"})
BIRTH_REACH_WORDS = 25
EXPIRES = frozenset({"expires", "expire", "expiration", "expiry", "valid"})
EXPIRY_REACH_WORDS = 8
ORDINALS = word_set(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"
)
TO = frozenset({"to", "through", "until", "till", "and"})
TIME_UNITS = re.compile(r"(?:second|minute|hour|day|night|week|weekend|month|year|decade)s?")
MONEY = re.compile(r"(?:dollar|buck|cent|euro|pound|quid|penny|pence|rupee|peso|franc)s?|yen")
SIGNED = re.compile(r"[$£€]\d[\d.,]*(?:k|m|bn)?|\d[\d.,]*[$£€]", re.IGNORECASE)
NUMERIC_DATE = re.compile(
    r"\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}"
)
CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?:[ap]\.?m)?|\d{1,2}[ap]\.?m|noon|midnight", re.I)
HALF_DAY = frozenset({"am", "pm", "a.m", "p.m", "o'clock"})
AGE_HYPHENED = re.compile(r"[\w]+-years?-olds?")
NTH = re.compile(r"\d{1,2}(?:st|nd|rd|th)")
DECADE = re.compile(
    r"(?:the)?(?:19|20)?\d0s|twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties"
)
PAST = frozenset({"past", "to"})
FEW = frozenset({"a", "an", "few", "couple", "several", "half", "many", "some"})
YEARS, YEAR_DIGITS = range(1900, 2100), 4
SCALED = frozenset({"hundred", "thousand", "million", "billion", "grand", "k"})


def dates_in(tokens: Sequence[Token]) -> Iterator[Span]:
    """Yield dates; the first one in the 25 words behind "birth" or "born" is a date of birth.

    Method: a month with its day and year in any of the usual orders, digits with strokes, days of
    the week. Two dates with "to" between them are an interval, and so is a decade.

    Limits: English month names; "today" and "next week" name no date; "may" and "march" are
    months beside a number only.
    """
    at = before = 0  # before: the place behind the last date
    while at < len(tokens):
        end = _date(tokens, at)
        if end is None:
            at += 1
            continue
        kind = "date"
        if end < len(tokens) and tokens[end].low in TO:
            second = _date(tokens, end + 1)
            if second is not None:
                kind, end = "date_interval", second
        if DECADE.fullmatch(tokens[at].low):
            kind = "date_interval"
        elif said_before(tokens, at, EXPIRES, EXPIRY_REACH_WORDS) is not None:
            kind = "credit_card_expiration"
        elif said_before(tokens, at, BIRTH, min(BIRTH_REACH_WORDS, at - before)) is not None:
            kind = "date_of_birth"
        yield Span(first=at, last=end, kind=kind)
        at = before = end


def amounts_in(tokens: Sequence[Token]) -> Iterator[Span]:
    """Yield times of day, ages, durations and amounts of money.

    Method: a number and the unit behind it; a clock's digits; a currency's sign.
    """
    runs = {run.first: run for run in number_runs(tokens)}
    at = 0
    while at < len(tokens):
        found = _amount(tokens, at, runs.get(at))
        if found is None:
            at += 1
        else:
            yield found
            at = found.last


def _date(tokens: Sequence[Token], at: int) -> int | None:
    """Return the place behind a date that begins here, None when none does."""
    if at >= len(tokens):
        return None
    token = tokens[at]
    if NUMERIC_DATE.fullmatch(token.core) or (token.low in WEEKDAYS and token.capital):
        return at + 1
    if DECADE.fullmatch(token.low) and not (token.low[0].isdigit() and len(token.low) < 3):
        return at + 1
    if token.low in MONTHS and token.capital:
        behind = _day(tokens, at + 1)
        year = _year(tokens, behind or at + 1) or _year(tokens, at + 1)
        if behind is None and year is None:
            return None if token.low in UNSURE else at + 1
        return year or behind
    behind = _day(tokens, at)
    if behind is None:
        return None
    month = behind + (behind < len(tokens) and tokens[behind].low == "of")
    if month < len(tokens) and tokens[month].low in MONTHS and tokens[month].capital:
        return _year(tokens, month + 1) or month + 1
    return None


def _day(tokens: Sequence[Token], at: int) -> int | None:
    """Return the place behind a day of the month: "the 4th", "fourteenth", "twenty first", 2."""
    if at < len(tokens) and tokens[at].low == "the":
        at += 1
    if at >= len(tokens):
        return None
    token = tokens[at]
    following = tokens[at + 1].low if at + 1 < len(tokens) else ""
    tens, _, rest = token.low.partition("-")
    if tens in TENS:
        if rest:
            return at + 1 if rest in ORDINALS or rest in UNITS else None
        if following in ORDINALS or (following in UNITS and not token.pauses):
            return at + 2
    if NTH.fullmatch(token.low) or token.low in ORDINALS or token.low in TEENS:
        return at + 1
    if token.core.isdigit() and len(token.core) <= 2 and 1 <= int(token.core) <= 31:
        return at + 1
    return at + 1 if token.low in UNITS or tens in ("twenty", "thirty") else None


def _year(tokens: Sequence[Token], at: int) -> int | None:
    """Return the place behind a year: 1990, "nineteen eighty two", "one nine eight four"."""
    if at < len(tokens) and tokens[at].low in ("of", "in"):
        at += 1
    for end in range(min(len(tokens), at + 5), at, -1):
        runs = list(number_runs(tokens[at:end]))
        whole = len(runs) == 1 and runs[0].first == 0 and runs[0].last == end - at
        if whole and len(runs[0].digits) == YEAR_DIGITS and runs[0].value in YEARS:
            return end
    return None


def _amount(tokens: Sequence[Token], at: int, run: NumberRun | None) -> Span | None:
    token = tokens[at]
    if SIGNED.fullmatch(token.core):
        scaled = at + 1 < len(tokens) and tokens[at + 1].low in SCALED
        return Span(first=at, last=at + 1 + scaled, kind="money_amount")
    if CLOCK.fullmatch(token.low):
        behind = at + 1
        return Span(first=at, last=behind + _at(tokens, behind, HALF_DAY), kind="time")
    if AGE_HYPHENED.fullmatch(token.low):
        return Span(first=at, last=at + 1, kind="person_age")
    if token.low in ("half", "quarter") and _at(tokens, at + 1, PAST) and at + 2 < len(tokens):
        return Span(first=at, last=at + 3, kind="time")
    end = run.last if run is not None else _few(tokens, at)
    if end is None or end >= len(tokens):
        return None
    return _counted(tokens, at, end)


def _counted(tokens: Sequence[Token], at: int, end: int) -> Span | None:
    """Return what a number from `at` to `end` counts."""
    unit = tokens[end].low
    if unit in HALF_DAY:
        return Span(first=at, last=end + 1, kind="time")
    if MONEY.fullmatch(unit):
        return Span(first=at, last=end + 1, kind="money_amount")
    if TIME_UNITS.fullmatch(unit):
        if _at(tokens, end + 1, {"old"}):
            return Span(first=at, last=end + 2, kind="person_age")
        if _at(tokens, end + 1, {"of"}) and _at(tokens, end + 2, {"age"}):
            return Span(first=at, last=end + 3, kind="person_age")
        return Span(first=at, last=end + 1, kind="duration")
    return None


def _few(tokens: Sequence[Token], at: int) -> int | None:
    """Return the place behind "a few", "an", "a couple of", "half an"."""
    end = at
    while end < len(tokens) and tokens[end].low in FEW:
        end += 1
    if end == at:
        return None
    return end + (end < len(tokens) and tokens[end].low == "of")


def _at(tokens: Sequence[Token], at: int, words: frozenset[str] | set[str]) -> bool:
    return at < len(tokens) and tokens[at].low in words
