"""Tell for each sentence whether it sounds positive, negative or neither."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from vader import SentimentIntensityAnalyzer

from stenolog.intelligence.speech import Speech, speaker_of
from stenolog.intelligence.words import Word, joined_text

Sentiment = Literal["POSITIVE", "NEUTRAL", "NEGATIVE"]

# The compound score from which a sentence is not neutral. VADER's authors propose 0.05 for short
# messages; spoken sentences are longer, and 0.2 was better on labelled ones (0.73 to 0.77 of those
# with a sentiment right, 0.63 of all three kinds).
COMPOUND_MIN = 0.2
SENTENCE_CHARS_MAX = 4_000  # of a sentence that never ends; what follows is not read
# "No, that's all" answers a question: alone, the word says nothing of how somebody feels.
_ANSWER = re.compile(r"\s*(?:no|nope)\b[,.;!]*(?:\s+|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceSentiment:
    """What one sentence sounds like; times in ms, `confidence` 0.5 to 1."""

    text: str
    start: int
    end: int
    sentiment: Sentiment
    confidence: float
    speaker: str | None


def sentiments(heard: Speech, shown: Speech) -> tuple[SentenceSentiment, ...]:
    """Return one for each sentence, in their order.

    Method: VADER (Hutto and Gilbert 2014, nltk-vader-sentiment's lexicon and rules), an answering
    "no" left out. It reads the sentences of `heard`; the texts are those of `shown`, which has the
    same words otherwise written. `confidence` is the distance from the border between two kinds,
    not a probability.

    Limits: English; words and not tone of voice; irony and what is only meant are missed.
    """
    return tuple(
        _judged(joined_text(said), joined_text(seen), seen)
        for said, seen in zip(heard.sentences, shown.sentences, strict=True)
    )


def sentiment_of(text: str) -> tuple[Sentiment, float]:
    """Return what a sentence sounds like, and how far that is from the border, 0.5 to 1."""
    compound = _analyzer().polarity_scores(_ANSWER.sub("", text, count=1)[:SENTENCE_CHARS_MAX])
    score = float(compound["compound"])
    strength = abs(score)
    if strength < COMPOUND_MIN:
        return "NEUTRAL", 1 - strength / COMPOUND_MIN / 2
    kind: Sentiment = "POSITIVE" if score > 0 else "NEGATIVE"
    return kind, 0.5 + (strength - COMPOUND_MIN) / (1 - COMPOUND_MIN) / 2


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()  # the lexicon, 20 ms


def _judged(said: str, seen: str, words: Sequence[Word]) -> SentenceSentiment:
    kind, confidence = sentiment_of(said)
    return SentenceSentiment(
        text=seen,
        start=words[0].start,
        end=max(word.end for word in words),
        sentiment=kind,
        confidence=confidence,
        speaker=speaker_of(words),
    )
