"""Find e-mail addresses, web addresses, user names, passwords and names of files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stenolog.intelligence.pii_tokens import Span, Token, said_before, word_set

LOCAL_WORDS_MAX = 12  # of what stands before the "at"
DOMAIN_WORDS_MAX = 8
EMAIL_REACH_WORDS = 14
SECRET_WORDS_MAX = 4
TLDS = word_set(
    "com org net edu gov mil int io co uk us ca de fr au nz in ie eu info biz app dev ai me tv"
)
LINKS = frozenset({"dot", "underscore", "dash", "hyphen", "period", "point"})
EMAIL_WORDS = frozenset({"email", "e-mail", "mail", "emails", "e-mails"})
BEGINS = frozenset({"is", "it's", "its", "me", "at", "to", "address", "email", "e-mail", "was"})

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*", re.ASCII)
_DOMAIN = re.compile(r"(?:[\w-]+\.)+([A-Za-z]{2,6})", re.ASCII)
_URL = re.compile(r"(?:https?://|www\.)\S+|(?:[\w-]+\.)+[A-Za-z]{2,6}/\S*", re.IGNORECASE)
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}", re.IGNORECASE)
_FILE = re.compile(
    r"[\w-]+\.(?:pdf|docx?|xlsx?|pptx?|csv|txt|zip|jpe?g|png|gif|mp[34]|wav|exe)", re.I
)
FILE_ENDS = word_set("pdf doc docx xls xlsx csv txt zip jpg jpeg png gif mp3 mp4 wav exe")


def online_in(tokens: Sequence[Token]) -> Iterator[Span]:
    """Yield what names somebody or something on a network or a computer.

    Method: a domain, written or spoken ("example dot com"), with "at" and what belongs to it
    before; where an e-mail address was spoken of in the 14 words before, a domain alone, since
    recognisers join the words. Passwords and user names follow those words and "is".

    Limits: a local part of several words without "dot" between them is found where the address
    was asked for.
    """
    for at, token in enumerate(tokens):
        if _EMAIL.fullmatch(token.core):
            yield Span(first=at, last=at + 1, kind="email_address")
        elif _URL.fullmatch(token.core):
            yield Span(first=at, last=at + 1, kind="url")
        elif _IP.fullmatch(token.core):
            yield Span(first=at, last=at + 1, kind="ip_address")
        elif _FILE.fullmatch(token.core):
            yield Span(first=at, last=at + 1, kind="filename")
        elif _is_spoken_end(tokens, at, FILE_ENDS):
            yield Span(first=at - 2, last=at + 1, kind="filename")
        elif _is_domain_end(tokens, at):
            yield _address(tokens, at)
    yield from _secrets(tokens)


def _is_domain_end(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a domain ends here; "dot co dot uk" ends at the last."""
    written = _DOMAIN.fullmatch(tokens[at].core)
    if written is not None:
        if written[1].lower() not in TLDS:
            return False
    elif not _is_spoken_end(tokens, at, TLDS):
        return False
    return not (at + 2 < len(tokens) and _is_spoken_end(tokens, at + 2, TLDS))


def _is_spoken_end(tokens: Sequence[Token], at: int, ends: frozenset[str]) -> bool:
    return at >= 2 and tokens[at].low in ends and tokens[at - 1].low == "dot"


def _address(tokens: Sequence[Token], end: int) -> Span:
    domain = _domain_begin(tokens, end)
    if domain and tokens[domain - 1].low in ("at", "@"):
        return Span(first=_local_begin(tokens, domain - 1), last=end + 1, kind="email_address")
    if said_before(tokens, domain, EMAIL_WORDS, EMAIL_REACH_WORDS) is not None:
        joined = domain and tokens[domain - 1].low not in BEGINS and not tokens[domain - 1].pauses
        first = _local_begin(tokens, domain) if joined else domain
        return Span(first=first, last=end + 1, kind="email_address")
    return Span(first=domain, last=end + 1, kind="url")


def _domain_begin(tokens: Sequence[Token], end: int) -> int:
    """Return the place of a domain's first word: before the "at", or of the linked words."""
    for place in range(end - 1, max(-1, end - 1 - DOMAIN_WORDS_MAX), -1):
        if tokens[place].low in ("at", "@"):
            return place + 1
        if tokens[place].ends:
            break
    begin = end
    while begin >= 2 and tokens[begin - 1].low in LINKS:
        begin -= 2
    return begin


def _local_begin(tokens: Sequence[Token], at: int) -> int:
    """Return where the local part before `at` begins.

    Where an e-mail address was asked for or announced, that is behind "is"; else it is the word
    before, and what "dot" and single letters link to it.
    """
    least = max(0, at - LOCAL_WORDS_MAX)
    begin = max(least, at - 1)
    while begin > least and _is_linked(tokens, begin):
        begin -= 1
    if said_before(tokens, begin, EMAIL_WORDS, EMAIL_REACH_WORDS) is None:
        return begin
    for place in range(begin - 1, least - 1, -1):
        if tokens[place].low in BEGINS:
            return place + 1
        answers = tokens[place].pauses and tokens[place].low in ("sure", "yes", "course")
        if answers or tokens[place].ends:
            return place + 1
    return begin


def _is_linked(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether the word before a place belongs to the same address."""
    before, token = tokens[at - 1], tokens[at]
    if before.low in LINKS or token.low in LINKS or token.core.isdigit():
        return True
    return (len(before.core) == 1 and before.low not in ("i", "a")) or before.core.isdigit()


def _secrets(tokens: Sequence[Token]) -> Iterator[Span]:
    kinds = {"password": "password", "passcode": "password", "username": "username"}
    for at, token in enumerate(tokens):
        kind = kinds.get(token.low)
        if token.low == "name" and at and tokens[at - 1].low == "user":
            kind = "username"
        if kind is None or at + 2 >= len(tokens) or tokens[at + 1].low not in ("is", "was"):
            continue
        first = last = at + 2
        while last < len(tokens) and last - first < SECRET_WORDS_MAX:
            last += 1
            if tokens[last - 1].pauses:
                break
        yield Span(first=first, last=last, kind=kind)
