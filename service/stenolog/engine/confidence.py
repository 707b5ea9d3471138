"""Compute how sure the recogniser was, and whether that is enough to call it English."""

from __future__ import annotations

import math
from collections.abc import Sequence

# Speech in other languages became fluent nonsense with a mean of 0.24 to 0.55, English of usable
# quality stayed above 0.57 (29 files). Under ten words the mean says little.
# Nor can single lines be judged: Chinese among English had 0.34, 0.58 and 0.61, and English heard
# by a far microphone 0.47 to 0.60 in lines of 15 to 30 words. Such lines stay, with their numbers.
CLEAR_ENGLISH_MIN = 0.55
CLEAR_ENGLISH_WORDS_MIN = 10


def word_confidence(log_probabilities: Sequence[float]) -> float:
    """Return the probability of a word's least likely token, 0 to 1; 1 without tokens."""
    return math.exp(min(log_probabilities, default=0.0))


def mean_confidence(confidences: Sequence[float]) -> float:
    """Return the transcript's confidence: the mean over its words, 0 without words."""
    return sum(confidences) / len(confidences) if confidences else 0.0


def is_clear_english(confidences: Sequence[float]) -> bool:
    """False when there are enough words to judge and too many of them are guesses."""
    if len(confidences) < CLEAR_ENGLISH_WORDS_MIN:
        return True
    return mean_confidence(confidences) >= CLEAR_ENGLISH_MIN
