"""Cut a conversation into chapters where it turns to something else, and say what each is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stenolog.intelligence.embeddings import Embedder, Vectors, content_of
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.summaries import gist, headline, paragraph
from stenolog.intelligence.words import Word, joined_text

CHAPTER_MS_MIN = 60_000  # a shorter one is no chapter, unless it is the whole
# What a new chapter must gain, in sentences that point the same way.
CHAPTER_COST = 2.0
UNITS_MAX = 2_000  # pieces between which may be cut; more sentences than that are taken together


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A stretch of the audio, in ms; a few words, a sentence and a paragraph of what it says."""

    gist: str
    headline: str
    summary: str
    start: int
    end: int


def chapters(said: Speech, shown: Speech, embedder: Embedder) -> tuple[Chapter, ...]:
    """Return chapters in order: each sentence is in one, and none begins before another ends.

    Method: of all ways to cut between sentences, the one with the greatest sum of the lengths of
    the chapters' vectors, where every chapter costs `CHAPTER_COST` and lasts a minute: sentences
    about one thing point the same way, and their sum is long. What is said of a chapter are
    words of its own (`summaries`).
    Limits: English. Nothing is written anew, so that a headline is a sentence that was said; an
    audio of less than two minutes is one chapter.
    Source: after Utiyama and Isahara, 2001, with vectors in the place of words.
    """
    bounds = _bounds(said.sentences, embedder)
    found: list[Chapter] = []
    latest = 0
    for place, (first, last) in enumerate(bounds):
        part_said, part_shown = _part(said, first, last), _part(shown, first, last)
        start = max(latest, min(word.start for word in part_shown.words))
        latest = max(start, *(word.end for word in part_shown.words))
        if place + 1 < len(bounds):  # on two channels the next may begin while somebody ends
            following = min(word.start for word in said.sentences[last])
            latest = max(start, min(latest, following))
        found.append(
            Chapter(
                gist=gist(part_shown),
                headline=headline(part_said, part_shown, embedder),
                summary=paragraph(part_said, part_shown, embedder),
                start=start,
                end=latest,
            )
        )
    return tuple(found)


def _part(speech: Speech, first: int, last: int) -> Speech:
    sentences = speech.sentences[first:last]
    return Speech(words=tuple(word for each in sentences for word in each), sentences=sentences)


def _bounds(sentences: Sequence[tuple[Word, ...]], embedder: Embedder) -> list[tuple[int, int]]:
    """Return first sentence and the one behind the last of each chapter."""
    if not sentences:
        return []
    size = -(-len(sentences) // UNITS_MAX)
    begins = list(range(0, len(sentences), size))
    texts = [content_of(joined_text(sentence)) for sentence in sentences]
    units: Vectors = np.add.reduceat(embedder.vectors(texts), begins, axis=0)
    times = np.array([min(word.start for word in sentences[at]) for at in begins], dtype=np.int64)
    end = max(word.end for sentence in sentences for word in sentence)
    cuts = _cuts(units, np.append(times, end))
    edges = [*(begins[cut] for cut in cuts), len(sentences)]
    return list(pairwise(edges))


def _cuts(units: Vectors, times: NDArray[np.int64]) -> list[int]:
    """Return the units with which chapters begin, the first of all among them.

    `times` has the start of every unit, and the end of the last.
    """
    count = len(units)
    sums = np.vstack([np.zeros_like(units[:1]), np.cumsum(units, axis=0, dtype=np.float64)])
    squares = np.einsum("ij,ij->i", sums, sums)
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    came_from = np.zeros(count + 1, dtype=np.int64)
    for end in range(1, count + 1):
        lengths = np.sqrt(
            np.maximum(squares[:end] + squares[end] - 2 * (sums[:end] @ sums[end]), 0)
        )
        gains = best[:end] + lengths - CHAPTER_COST
        gains[times[end] - times[:end] < CHAPTER_MS_MIN] = -np.inf
        came_from[end] = int(np.argmax(gains))
        best[end] = gains[came_from[end]]
    if not np.isfinite(best[count]):  # shorter than a chapter
        return [0]
    cuts = [count]
    while cuts[-1] > 0:
        cuts.append(int(came_from[cuts[-1]]))
    return cuts[:0:-1]
