"""Find the phrases that a conversation is about."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenolog.intelligence.sentences import CLOSING, OPENING
from stenolog.intelligence.words import Word, joined_text
from stenolog.intelligence.words_common import COMMON

HIGHLIGHTS_MAX = 15  # what the service answers at most, in published answers
PHRASE_WORDS_MAX = 4
NAME_FACTOR = 1.5  # a name in the middle of a sentence says more than another word
ALONE_FACTOR = 0.5  # one word says less than the phrases it stands in
CANDIDATES_MAX = 50_000  # of one conversation, the first to be said: ten hours have fewer
ROUND_RANK = 2  # digits

_NOUNS_IN_LY = """
    ally anomaly assembly belly bully family fly italy jelly july lily reply supply
"""
NOUNS_IN_LY = frozenset(_NOUNS_IN_LY.split())

_MARKS = f"{CLOSING}{OPENING}.,;:!?…-–—"
_LETTERS = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HIDDEN = re.compile(r"#|\[\w+\]|\*{2}")  # what redaction and a profanity filter leave
_BREAKS = re.compile(r"[.,;:!?…)\]–—-]$")  # a phrase does not go on behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of audio, in ms."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A phrase: how often it is said and where; `rank` is its share of all highlights' weight."""

    count: int
    rank: float
    text: str
    timestamps: tuple[Span, ...]


def highlights(sentences: Sequence[tuple[Word, ...]]) -> tuple[Highlight, ...]:
    """Return the weightiest phrases, the weightiest first; each word has its own `index`.

    Method: the runs of words that are not among the most common ones, within a sentence and
    between its commas, and their parts of up to four words. A word weighs the logarithm of how
    often it is said, more as a name; a phrase weighs its words, with the root of its own count. One
    is kept when at least half of its places have no word of a weightier one.
    Limits: English. No grammar is known, so that a phrase may begin or end oddly; case and
    inflection are not undone. A word that the text hides, such as `####` or `[DATE]`, is in none.
    Source: after RAKE (Rose et al., 2010); weights of our own.
    """
    runs = [run for sentence in sentences for run in _runs(sentence)]
    said = Counter(_plain(word) for run in runs for word in run)
    found: dict[tuple[str, ...], list[tuple[Word, ...]]] = {}
    for phrase in _phrases(runs):
        words = tuple(map(_plain, phrase))
        if words in found or len(found) < CANDIDATES_MAX:
            found.setdefault(words, []).append(phrase)
    names = {word for run in runs for word in map(_name, run[1:]) if word}
    weights = {words: _weight(words, len(places), said, names) for words, places in found.items()}
    best = _best(found, weights)
    total = sum(weights[words] for words in best) or 1.0
    return tuple(
        _highlight(found[words], round(weights[words] / total, ROUND_RANK)) for words in best
    )


def _runs(sentence: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Yield the longest stretches of words that count, as they stand beside each other."""
    run: list[Word] = []
    for word in sentence:
        plain = _plain(word)
        counts = _HIDDEN.search(word.text) is None and _says_something(plain)
        if run and (not counts or word.text[:1] in OPENING):
            yield tuple(run)
            run = []
        if counts:
            run.append(word)
            if _BREAKS.search(word.text):
                yield tuple(run)
                run = []
    if run:
        yield tuple(run)


def _says_something(word: str) -> bool:
    if len(word) < 2 or word in COMMON or _LETTERS.fullmatch(word) is None:
        return False
    return not word.endswith("ly") or word in NOUNS_IN_LY  # adverbs


def _phrases(runs: Sequence[tuple[Word, ...]]) -> Iterator[tuple[Word, ...]]:
    for run in runs:
        for length in range(1, PHRASE_WORDS_MAX + 1):
            for begin in range(len(run) - length + 1):
                yield run[begin : begin + length]


def _weight(words: tuple[str, ...], count: int, said: Counter[str], names: set[str]) -> float:
    """Return what a phrase weighs; 0 for a single word that is said once and is no name."""
    if len(words) == 1 and count == 1 and words[0] not in names:
        return 0.0
    each = sum(math.log1p(said[word]) * (NAME_FACTOR if word in names else 1.0) for word in words)
    if len(words) == 1:
        return ALONE_FACTOR * each * math.sqrt(count)
    # A long run of rare words is more often an accident of grammar than a term.
    return each * math.sqrt(count / len(words))


def _best(
    found: dict[tuple[str, ...], list[tuple[Word, ...]]], weights: dict[tuple[str, ...], float]
) -> list[tuple[str, ...]]:
    """Choose by weight; what is said first wins between equals."""
    chosen: list[tuple[str, ...]] = []
    taken: set[int] = set()  # words that stand in a chosen phrase
    known: set[tuple[str, ...]] = set()
    for words in sorted(weights, key=lambda words: -weights[words]):  # a stable sort
        if len(chosen) == HIGHLIGHTS_MAX or weights[words] <= 0:
            break
        places, singular = found[words], tuple(map(_singular, words))
        new = sum(taken.isdisjoint(word.index for word in place) for place in places)
        if 2 * new < len(places) or singular in known:
            continue
        chosen.append(words)
        known.add(singular)
        taken.update(word.index for place in places for word in place)
    return chosen


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _highlight(places: Sequence[tuple[Word, ...]], rank: float) -> Highlight:
    return Highlight(
        count=len(places),
        rank=rank,
        text=joined_text(places[0]).strip(_MARKS),
        timestamps=tuple(Span(start=place[0].start, end=place[-1].end) for place in places),
    )


def _plain(word: Word) -> str:
    bare = word.text.strip(_MARKS).lower().replace("’", "'")
    return bare.removesuffix("'s") if bare.endswith("'s") and bare not in COMMON else bare


def _name(word: Word) -> str | None:
    """Return a word in the middle of a run that is written as a name is."""
    return _plain(word) if word.text.strip(_MARKS)[:1].isupper() else None
