"""Read words as the rules for personal data do: without punctuation around them, in small letters.

Rules look for phrases in a sequence of tokens, and tell what they found as spans of words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from stenolog.intelligence.speech import Speech

_PARTS = re.compile(r"^([^\w$£€+]*)(.*?)((?:['’]s)?[^\w%]*)$", re.DOTALL)
_CAPITAL = re.compile(r"[A-Z]")
ENDINGS = frozenset(".!?…")
# Behind these, `'s` is a verb.
_CONTRACTED = "he here how it let name she that there what when where who"
CONTRACTED = frozenset(_CONTRACTED.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word.

    Attributes:
        core: The word without what is around it; empty for punctuation alone.
        low: The same in small letters, with straight apostrophes.
        lead: What stands before the core.
        trail: What stands behind it, a possessive `'s` too.
        opens: It is the first word of its sentence.
    """

    core: str
    low: str
    lead: str
    trail: str
    opens: bool

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return bool(_CAPITAL.match(self.core))

    @property
    def ends(self) -> bool:
        """Whether a sentence ends here, by its own punctuation."""
        return any(mark in ENDINGS for mark in self.trail)

    @property
    def pauses(self) -> bool:
        """Whether any punctuation follows."""
        return any(not mark.isalnum() and mark not in "'’" for mark in self.trail)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Words from `first` up to before `last`, and what they are: an entity type."""

    first: int
    last: int
    kind: str


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the words of each phrase, which a `|` ends; lines are joined."""
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))


def tokens_of(speech: Speech) -> tuple[Token, ...]:
    """Return one token for each word."""
    opening = {sentence[0].index for sentence in speech.sentences}
    return tuple(
        token_of(word.text, opens=word.index in opening or word.index == 0) for word in speech.words
    )


def token_of(text: str, *, opens: bool = False) -> Token:
    """Return the token of one word's text."""
    parts = _PARTS.match(text)
    assert parts is not None  # it matches whatever there is
    core, trail = parts[2], parts[3]
    if core.lower() in CONTRACTED and trail[:1] in ("'", "’"):
        core, trail = core + trail[:2], trail[2:]
    return Token(
        core=core,
        low=core.lower().replace("’", "'"),
        lead=parts[1],
        trail=trail,
        opens=opens,
    )


def follows(tokens: Sequence[Token], at: int, phrase: Sequence[str]) -> bool:
    """Tell whether these words, in small letters, stand at a place."""
    return at >= 0 and [token.low for token in tokens[at : at + len(phrase)]] == list(phrase)


def said_before(tokens: Sequence[Token], at: int, words: Collection[str], reach: int) -> int | None:
    """Return the place of the last of some words among the `reach` before a place, or None."""
    for place in range(at - 1, max(-1, at - 1 - reach), -1):
        if tokens[place].low in words:
            return place
    return None


def capital_run(tokens: Sequence[Token], at: int, most: int) -> int:
    """Return the place behind the capitalised words from a place on, at most so many.

    Punctuation behind a word ends the run, and so does a word that begins a sentence.
    """
    end = at
    while end < len(tokens) and end - at < most and tokens[end].capital:
        if end > at and tokens[end].opens:
            break
        end += 1
        if tokens[end - 1].trail:
            break
    return end


def without_overlap(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return the spans in order, each word in one at most; the first given wins a place."""
    taken: set[int] = set()
    kept: list[Span] = []
    for span in spans:
        for piece in _free(span, taken):
            kept.append(piece)
            taken.update(range(piece.first, piece.last))
    return tuple(sorted(kept))


def _free(span: Span, taken: set[int]) -> Iterator[Span]:
    """Yield what is left of a span beside the words that others have."""
    first: int | None = None
    for place in range(span.first, span.last + 1):
        free = place < span.last and place not in taken
        if free and first is None:
            first = place
        elif not free and first is not None:
            yield Span(first=first, last=place, kind=span.kind)
            first = None
