"""Tell what a spoken number is: a card, a phone number, an account, or only a long number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import phonenumbers

from stenolog.intelligence.pii_tokens import Span, Token, follows
from stenolog.intelligence.spoken_numbers import NumberRun, number_runs

DIGITS_MIN = 4  # of a number that may name somebody or something
CARD_DIGITS = range(13, 20)  # ISO/IEC 7812
CVV_DIGITS = range(3, 5)
EXPIRY_DIGITS = range(3, 7)  # 829, 0829, 082029
PHONE_DIGITS = range(7, 16)  # ITU-T E.164 has at most 15
NANP_DIGITS = (10, 11)  # without and with the 1 of North America
SSN_DIGITS = 9
YEARS = range(1900, 2100)
REACH_WORDS = 30  # how far back a question that names the number may stand
YEAR_REACH_WORDS = 8  # the same for four digits that may be a year
REGION = "US"  # how a number without a country code is read

# What a number is called, the longest first where one holds another. Nearest to it wins.
NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("credit_card_cvv", ("cvv", "cvc", "cvv2", "security code", "verification code", "card code")),
    ("credit_card_expiration", ("expires", "expiration", "expiry", "expire", "valid until")),
    ("us_social_security_number", ("social security", "ssn", "social")),
    (
        "credit_card_number",
        ("card", "credit", "debit", "visa", "mastercard", "amex", "american express"),
    ),
    (
        "phone_number",
        (
            "phone",
            "telephone",
            "cell",
            "cellphone",
            "mobile",
            "call me",
            "call us",
            "call you",
            "reach me",
            "text me",
            "callback",
            "or call",
            "fax",
        ),
    ),
    ("banking_information", ("routing", "iban", "sort code", "swift", "bank account")),
    ("passport_number", ("passport",)),
    ("drivers_license", ("driver's license", "drivers license", "driving licence", "license")),
    ("vehicle_id", ("vin", "plate", "license plate", "number plate", "registration")),
    (
        "healthcare_number",
        ("medicare", "medicaid", "insurance id", "nhs", "medical record", "patient id"),
    ),
    ("password", ("password", "passcode", "pin", "pin number", "pass code")),
    ("location", ("zip", "zip code", "postal code", "postcode")),
    ("account_number", ("account", "member", "membership", "customer number", "customer id")),
    (
        "number_sequence",
        (
            "order",
            "reference",
            "confirmation",
            "invoice",
            "case",
            "ticket",
            "tracking",
            "id",
            "policy",
            "serial",
            "code",
            "booking",
            "claim",
        ),
    ),
)
_BY_LAST: dict[str, list[tuple[tuple[str, ...], str]]] = {}
for _kind, _phrases in NAMES:
    for _phrase in _phrases:
        _words = tuple(_phrase.split())
        _BY_LAST.setdefault(_words[-1], []).append((_words, _kind))
for _known in _BY_LAST.values():
    _known.sort(key=lambda one: -len(one[0]))

_SHORT = {"credit_card_cvv": CVV_DIGITS, "credit_card_expiration": EXPIRY_DIGITS}


def numbers_in(tokens: Sequence[Token]) -> Iterator[Span]:
    """Yield every number that may name somebody or something, with its kind.

    Method: number words and digits that follow each other are one number. What was said in the
    `REACH_WORDS` words before ("my card number is", "your date of birth?") names it; the nearest
    name that its length fits wins. Without a name: 13 to 19 digits are a card, whatever their
    check digit, since one digit may be misheard; 10, or fewer with a country code, a phone number
    when phonenumberslite takes it for one; nine in groups of 3, 2 and 4 a social security number;
    any other of four digits and more a number sequence, but no year and no quantity.
    """
    for run in number_runs(tokens):
        kind = _kind_of(tokens, run)
        if kind is not None:
            yield Span(first=run.first, last=run.last, kind=kind)


def _kind_of(tokens: Sequence[Token], run: NumberRun) -> str | None:
    size = len(run.digits) + run.letters
    name = _named(tokens, run)
    if name in _SHORT:
        return name
    if size < DIGITS_MIN or run.quantity:
        return None
    if size == DIGITS_MIN and run.value in YEARS and name is None:
        return None
    return name or _unnamed(tokens, run)


def _named(tokens: Sequence[Token], run: NumberRun) -> str | None:
    """Return what the words before a number call it; the nearest name that fits its length."""
    for place in range(run.first - 1, max(-1, run.first - 1 - REACH_WORDS), -1):
        for words, kind in _BY_LAST.get(tokens[place].low, ()):
            if follows(tokens, place + 1 - len(words), words) and _fits(
                kind, run, run.first - place
            ):
                return kind
    return None


def _fits(kind: str, run: NumberRun, distance: int) -> bool:
    size = len(run.digits)
    if kind in _SHORT:
        return size in _SHORT[kind] and distance <= REACH_WORDS // 2
    if size == DIGITS_MIN and run.value in YEARS and distance > YEAR_REACH_WORDS:
        return False
    size += run.letters
    if kind == "phone_number":
        return size in PHONE_DIGITS
    if kind == "location":
        return size in (5, 9)
    return size >= DIGITS_MIN


def _unnamed(tokens: Sequence[Token], run: NumberRun) -> str:
    size = len(run.digits)
    written = "".join(token.core for token in tokens[run.first : run.last])
    if size in CARD_DIGITS:
        return "credit_card_number"
    if size == SSN_DIGITS and [len(part) for part in written.split("-")] == [3, 2, 4]:
        return "us_social_security_number"
    if size in NANP_DIGITS and _is_phone(run.digits, REGION):
        return "phone_number"
    if written.startswith("+") and size in PHONE_DIGITS and _is_phone(f"+{run.digits}", None):
        return "phone_number"
    return "number_sequence"


@lru_cache(maxsize=256)
def _is_phone(digits: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(digits, region))
    except phonenumbers.NumberParseException:
        return False
