"""Make text that nobody has checked safe to be shown on a line, by a terminal or a player."""

from __future__ import annotations

import re

# C0, DEL and C1, which a terminal may obey; separators of lines; and marks that change the
# direction of what follows, beyond their own word.
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
# The blocks that Unicode keeps for scripts written from right to left, and their mark (UAX 9, 3.2).
RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
BLANKS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")


def one_line(text: str) -> str:
    """Return the text on one line, with nothing in it that is more than text."""
    return UNSAFE.sub(_harmless, text)


def isolated(text: str) -> str:
    """Return the text so that its direction is its own, wherever it is put.

    DECISIONS 128: one that is written from left to right alone is left as it is.
    """
    if RIGHT_TO_LEFT.search(text):
        return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"
    return text


def _harmless(found: re.Match[str]) -> str:
    return " " if BLANKS.intersection(found[0]) else ""
