"""Turn text into vectors whose cosine tells how much two texts are about the same thing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stenolog.intelligence.words_common import COMMON

Vectors = NDArray[np.float32]
"""One row per text, each of length 1, or of length 0 for a text without words that count."""

COUNTED_DIMENSIONS = 512
WORDS_REMEMBERED = 65_536

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class Embedder(Protocol):
    """Knows what words mean, or at least which are the same."""

    @property
    def name(self) -> str:
        """What it is, with its version."""
        ...

    @property
    def knows_meaning(self) -> bool:
        """Whether different words for one thing are near each other."""
        ...

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text; the same texts give the same vectors."""
        ...

    def __hash__(self) -> int:
        """An embedder is itself: what was made with it once is remembered by it."""
        ...


class WordCounts:
    """Counts words, for machines that have no model: equal words are near, and nothing else.

    Method: every word that is not among the most common ones falls on one of `COUNTED_DIMENSIONS`
    places with a sign, both from a hash of its first six letters, so that "flood" and "flooded"
    meet; counts are damped by their square root. Limits: it cannot tell that "car" and "vehicle"
    are one subject, so topics are not offered with it.
    Source: feature hashing, Weinberger et al., 2009.
    """

    name = "word-counts-1"
    knows_meaning = False

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return the damped counts of each text's words."""
        found = np.zeros((len(texts), COUNTED_DIMENSIONS), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            for word in _WORD.findall(text.lower()):
                if word not in COMMON:
                    place, sign = _place(word[:6])
                    row[place] += sign
        return normalised(np.sign(found) * np.sqrt(np.abs(found)))


def content_of(text: str) -> str:
    """Return the words of a text that are not among the most common ones, as they stand."""
    return " ".join(word for word in _WORD.findall(text) if word.lower() not in COMMON)


def normalised(rows: Vectors) -> Vectors:
    """Return rows of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return found


@lru_cache(maxsize=WORDS_REMEMBERED)
def _place(stem: str) -> tuple[int, int]:
    digest = hashlib.blake2b(stem.encode(), digest_size=4).digest()
    number = int.from_bytes(digest, "big")
    return number % COUNTED_DIMENSIONS, 1 if number >> 31 else -1
