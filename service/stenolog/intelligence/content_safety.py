"""Tell where a conversation turns to sensitive content, how surely and how gravely."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache

import numpy as np

from stenolog.intelligence.content_safety_words import SIGNS
from stenolog.intelligence.embeddings import Embedder, Vectors
from stenolog.intelligence.highlights import Span
from stenolog.intelligence.passages import Passage

CONFIDENCE_MIN_DEFAULT = 0.5  # the service's own default of content_safety_confidence
PHRASE_WORDS_MAX = 4
WORDS_REMEMBERED = 65_536
# Between a third and two thirds a severity is medium.
MEDIUM, HIGH = 1 / 3, 2 / 3
# A cosine up to `UNRELATED` speaks against what the words say, from `RELATED` on it speaks for it.
UNRELATED, RELATED = 0.1, 0.4
SUPPORT_UNKNOWN = 0.5  # where no model tells how near they are
UNSUPPORTED = 0.65  # what is left of a confidence that the passage's meaning does not support

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*\**")
_MASKED = re.compile(r"[^\W\d_]\*{2,}")  # what a profanity filter leaves: f***


class Grade(IntEnum):
    """How much a word says."""

    WEAK = 1
    CLEAR = 2
    GRAVE = 3


SURE = {Grade.WEAK: 0.3, Grade.CLEAR: 0.72, Grade.GRAVE: 0.9}
GRAVITY = {Grade.WEAK: 0.06, Grade.CLEAR: 0.2, Grade.GRAVE: 0.45}


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLabel:
    """A kind of content in one passage; `severity` is None where the kind has none."""

    label: str
    confidence: float
    severity: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedPassage:
    """A passage with labels, the surest first; sentences `sentences_idx_start` to `_end`."""

    text: str
    labels: tuple[SafetyLabel, ...]
    sentences_idx_start: int
    sentences_idx_end: int
    timestamp: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentSafety:
    """What was found.

    Attributes:
        summary: Of each label, how sure it is that the audio has it anywhere.
        severity_score_summary: Of each label with severities, what share of its flagged time is
            `low`, `medium` and `high`; they add up to 1.
    """

    results: tuple[FlaggedPassage, ...]
    summary: Mapping[str, float]
    severity_score_summary: Mapping[str, Mapping[str, float]]


def content_safety(
    passages: Sequence[Passage],
    embedder: Embedder,
    *,
    confidence_min: float = CONFIDENCE_MIN_DEFAULT,
) -> ContentSafety:
    """Return the passages with a label of at least `confidence_min`, in order.

    Method: words and phrases of graded lists, each label's own. Different words of one label
    support each other: its confidence is one minus the product of their doubts, and less when the
    passage's vector is far from the label's. Severity grows with every mention. A masked word
    (`f***`) is profanity.
    Limits: English. Lists know no irony, quotation or negation; no label without one of its words;
    `negative_news` is never reported. Source: lists and figures of our own.
    """
    judged = embedder.vectors([passage.judged for passage in passages])
    about = judged @ _abouts(embedder).T if passages else np.zeros((0, len(SIGNS)))
    flagged: list[FlaggedPassage] = []
    for passage, cosines in zip(passages, about, strict=True):
        near = {
            name: _support(float(cosine)) if embedder.knows_meaning else SUPPORT_UNKNOWN
            for name, cosine in zip(SIGNS, cosines, strict=True)
        }
        judgements = [
            _label(name, found, near[name]) for name, found in _mentions(passage.judged).items()
        ]
        labels = [label for label in judgements if label.confidence >= confidence_min]
        if labels:
            labels.sort(key=lambda label: (-label.confidence, label.label))
            flagged.append(
                FlaggedPassage(
                    text=passage.text,
                    labels=tuple(labels),
                    sentences_idx_start=passage.first,
                    sentences_idx_end=passage.last,
                    timestamp=Span(start=passage.start, end=passage.end),
                )
            )
    return ContentSafety(
        results=tuple(flagged), summary=_summary(flagged), severity_score_summary=_shares(flagged)
    )


def _label(name: str, found: Sequence[tuple[str, Grade]], support: float) -> SafetyLabel:
    doubt = 1.0
    for grade in dict(found).values():
        doubt *= 1 - SURE[grade]
    mild = 1.0
    for _, grade in found:
        mild *= 1 - GRAVITY[grade]
    confidence = (1 - doubt) * (UNSUPPORTED + (1 - UNSUPPORTED) * support)
    severity = 1 - mild if SIGNS[name].graded else None
    return SafetyLabel(label=name, confidence=confidence, severity=severity)


def _mentions(text: str) -> dict[str, list[tuple[str, Grade]]]:
    """Return every mention of each label's words, a phrase in the place of the words in it."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    signs, begin_phrases = _signs()
    found: dict[str, list[tuple[str, Grade]]] = {}
    free_from: dict[str, int] = {}  # of each label, the first word that is in no mention yet
    for at, word in enumerate(words):
        longest = PHRASE_WORDS_MAX if word in begin_phrases else 1
        for length in range(min(longest, len(words) - at), 0, -1):
            head = " ".join(words[at : at + length - 1])
            for form in _forms(words[at + length - 1]):
                sign = f"{head} {form}" if head else form
                for label, grade in signs.get(sign, ()):
                    if free_from.get(label, 0) <= at:
                        found.setdefault(label, []).append((sign, grade))
                        free_from[label] = at + length
        if _MASKED.match(word):
            found.setdefault("profanity", []).append((word, Grade.GRAVE))
    return found


@lru_cache(maxsize=WORDS_REMEMBERED)
def _forms(word: str) -> tuple[str, ...]:
    """Return a word and what it may be a form of."""
    forms = [word]
    word = word.removesuffix("'s")
    for ending, instead in (("ies", "y"), ("es", ""), ("s", ""), ("ed", ""), ("ed", "e"),
                            ("ing", ""), ("ing", "e")):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            forms.append(stem + instead)
            if not instead and len(stem) > 3 and stem[-1] == stem[-2]:
                forms.append(stem[:-1])  # robbed, stabbing
    return tuple(forms)


@cache
def _signs() -> tuple[Mapping[str, Sequence[tuple[str, Grade]]], frozenset[str]]:
    """Return the labels of every word and phrase, and the words with which phrases begin."""
    found: dict[str, list[tuple[str, Grade]]] = {}
    for label, signs in SIGNS.items():
        graded = {Grade.WEAK: signs.weak, Grade.CLEAR: signs.clear, Grade.GRAVE: signs.grave}
        for grade, words in graded.items():
            for word in words.split():
                found.setdefault(word.replace("_", " "), []).append((label, grade))
    return found, frozenset(sign.split()[0] for sign in found if " " in sign)


def _support(cosine: float) -> float:
    return min(1.0, max(0.0, (cosine - UNRELATED) / (RELATED - UNRELATED)))


@cache
def _abouts(embedder: Embedder) -> Vectors:
    return embedder.vectors([signs.about for signs in SIGNS.values()])


def _summary(flagged: Sequence[FlaggedPassage]) -> dict[str, float]:
    """Return how sure each label is: wrong only if it is wrong in every passage; surest first."""
    doubts: dict[str, float] = {}
    for passage in flagged:
        for label in passage.labels:
            doubts[label.label] = doubts.get(label.label, 1.0) * (1 - label.confidence)
    return {name: 1 - doubt for name, doubt in sorted(doubts.items(), key=lambda item: item[1])}


def _shares(flagged: Sequence[FlaggedPassage]) -> dict[str, dict[str, float]]:
    times: dict[str, dict[str, int]] = {}
    for passage in flagged:
        took = max(1, passage.timestamp.end - passage.timestamp.start)
        for label in passage.labels:
            if label.severity is not None:
                of_label = times.setdefault(label.label, {"low": 0, "medium": 0, "high": 0})
                of_label[_level(label.severity)] += took
    return {
        name: {level: took / sum(levels.values()) for level, took in levels.items()}
        for name, levels in times.items()
    }


def _level(severity: float) -> str:
    return "low" if severity < MEDIUM else "medium" if severity < HIGH else "high"
