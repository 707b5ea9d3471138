"""Split words into sentences and paragraphs, by punctuation, voices and pauses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stenolog.intelligence.words import Word, by_channel, merged

PAUSE_MS = 1_000  # a longer silence ends a sentence or a paragraph
PARAGRAPH_WORDS_MAX = 100  # a paragraph ends with the sentence that brings it there
CLOSING = "\"'”’»›)]}」』）"  # may follow the mark that ends a sentence
OPENING = "\"'“‘«‹([{¿¡「『（"

_ENDS = re.compile(r"[.!?…。！？।؟]$")
_ELLIPSIS = re.compile(r"(\.\.+|…)$")
_INITIALS = re.compile(r"(?:[A-Z]\.)+$")  # U.S., J.
_DOTTED = re.compile(r"(?:[a-z]\.){2,}$")  # p.m.
_NEVER = """
    mr. mrs. ms. mx. dr. prof. st. mt. gen. col. sgt. lt. capt. cmdr. rev. hon. gov. sen. rep.
    pres. e.g. i.e. vs. cf. approx. fig. vol. pp. viz.
"""
_SOMETIMES = """
    inc. ltd. co. corp. jr. sr. etc. dept. est. ave. blvd. rd. jan. feb. mar. apr. jun. jul.
    aug. sep. sept. oct. nov. dec. no.
"""
# Words that begin a sentence far more often than they follow initials as a name.
_OPENERS = """
    a an and as at but for he here how i if in it it's its my no now of on or our she so that
    that's the their then there there's these they this those to we well what when where which
    who why with yes you your
"""
NEVER_END = frozenset(_NEVER.split())
END_SOMETIMES = frozenset(_SOMETIMES.split())
OPENERS = frozenset(_OPENERS.split())


def sentences(words: Sequence[Word]) -> list[tuple[Word, ...]]:
    """Return every word in exactly one sentence, in order within its channel; channels by start."""
    return merged([list(_split(channel)) for channel in by_channel(words)])


def paragraphs(words: Sequence[Word]) -> list[tuple[Word, ...]]:
    """Whole sentences of one voice together, until a pause or about a hundred words."""
    return paragraphs_in(sentences(words))


def paragraphs_in(sentences: Sequence[tuple[Word, ...]]) -> list[tuple[Word, ...]]:
    """Return the paragraphs that these sentences make."""
    found: list[tuple[Word, ...]] = []
    current: list[Word] = []
    for sentence in sentences:
        if current and (
            current[-1].voice != sentence[0].voice
            or sentence[0].start - current[-1].end > PAUSE_MS
            or len(current) >= PARAGRAPH_WORDS_MAX
        ):
            found.append(tuple(current))
            current = []
        current += sentence
    return [*found, tuple(current)] if current else found


def _split(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    punctuated = any(_ENDS.search(_bare(word)) for word in words)
    begin = 0
    for at in range(1, len(words)):
        if is_end(words[at - 1], words[at], punctuated=punctuated):
            yield tuple(words[begin:at])
            begin = at
    if words:
        yield tuple(words[begin:])


def is_end(word: Word, following: Word, *, punctuated: bool) -> bool:
    """Tell whether a sentence ends between two words of one channel.

    A pause ends it too, but not before a small letter: where there is punctuation, that goes on.
    """
    if word.voice != following.voice:
        return True
    # DECISIONS 47: a pause does not end a sentence before a small letter.
    goes_on = following.text[:1].islower()
    if following.start - word.end > PAUSE_MS and not (punctuated and goes_on):
        return True
    bare = _bare(word)
    if not _ENDS.search(bare):
        return False
    if _ELLIPSIS.search(bare):
        return not goes_on
    if not bare.endswith("."):
        return True
    plain = bare.lstrip(OPENING)
    small = plain.lower()
    if small in NEVER_END:
        return False
    if _INITIALS.fullmatch(plain):
        return following.text.strip(",.!?").lower() in OPENERS and not goes_on
    if small in END_SOMETIMES or _DOTTED.fullmatch(plain):
        return following.text[:1].isupper()
    return True


def _bare(word: Word) -> str:
    return word.text.rstrip(CLOSING)
