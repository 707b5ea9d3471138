"""Find where words and phrases are said."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.intelligence.words import Word

PHRASE_WORDS_MAX = 5  # AssemblyAI's documents: phrases of up to five words
APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\uff07"), "'")
DOTTED_I = "i\u0307"  # what is left of the Turkish capital when its case is folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """All places of one term.

    Attributes:
        text: The term in small letters.
        timestamps: Start and end in ms of each place.
        indexes: The place of its first word in the transcript's `words`.
    """

    text: str
    timestamps: tuple[tuple[int, int], ...]
    indexes: tuple[int, ...]


def phrase_of(term: str) -> tuple[str, ...]:
    """Return the words of a term as they are compared; empty when there is nothing to look for."""
    return tuple(filter(None, map(comparable, term.split())))


def comparable(text: str) -> str:
    """Without regard to case, composition, kinds of apostrophes, and punctuation at the ends."""
    folded = unicodedata.normalize("NFC", text).casefold().replace(DOTTED_I, "i")
    folded = folded.translate(APOSTROPHES)
    kept = [at for at, character in enumerate(folded) if character.isalnum()]
    return folded[kept[0] : _after_marks(folded, kept[-1])] if kept else ""


def find_terms(words: Sequence[Word], terms: Sequence[str]) -> list[Match]:
    """Return the terms that are said, in the order in which they were asked for, each once."""
    spoken = [comparable(word.text) for word in words]
    places: dict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(spoken):
        places[text].append(at)
    found: dict[tuple[str, ...], Match] = {}
    for term in terms:
        phrase = phrase_of(term)
        if not phrase or phrase in found:
            continue
        size = len(phrase)
        hits = [at for at in places[phrase[0]] if tuple(spoken[at : at + size]) == phrase]
        if hits:
            found[phrase] = Match(
                text=" ".join(term.lower().split()),
                timestamps=tuple((words[at].start, words[at + size - 1].end) for at in hits),
                indexes=tuple(words[at].index for at in hits),
            )
    return list(found.values())


def _after_marks(text: str, last: int) -> int:
    """Behind the last letter and the marks that combine with it."""
    end = last + 1
    while end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return end
