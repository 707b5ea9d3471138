"""Read the words of a completed transcript from the stored `/v2` answer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from stenolog.errors import InvalidRequest
from stenolog.intelligence.words import Word, mean_confidence, read_words

MS_PER_S = 1_000
NUMBER_MAX = 2**53  # beyond it a provider means nothing that we can compute with


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWords:
    """A transcript's words, and what is known of it as a whole.

    Attributes:
        audio_duration: In seconds, rounded up.
    """

    id: str
    text: str
    words: tuple[Word, ...]
    confidence: float
    audio_duration: int
    speech_model_used: str | None
    language_code: str | None = None


def read_timed_words(transcription_id: str, body: bytes, what: str) -> TimedWords:
    """Read the transcript in a stored `/v2` answer; one of silence has no words.

    Raises:
        InvalidRequest: It ended in an error, or something is said without the times of words.
    """
    document = _document(body)
    if document.get("status") != "completed":
        raise InvalidRequest(f"The transcript ended in an error: there are no {what} of it")
    given, text = document.get("words"), document.get("text")
    raw = [word for word in given if isinstance(word, Mapping)] if isinstance(given, list) else []
    whole = text if isinstance(text, str) else ""
    words = read_words(raw, whole)
    if not words and (raw or text):
        raise InvalidRequest(
            f"The transcript has text but no words with times: there are no {what} of it"
        )
    confidence = _number(document.get("confidence"))
    model, language = document.get("speech_model_used"), document.get("language_code")
    return TimedWords(
        id=transcription_id,
        text=whole,
        words=words,
        confidence=mean_confidence(words) if confidence is None else confidence,
        audio_duration=_seconds(document.get("audio_duration"), words),
        speech_model_used=model if isinstance(model, str) else None,
        language_code=language if isinstance(language, str) else None,
    )


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:  # an integer over 64 bits, which a provider may send
        document = json.loads(body)
    assert isinstance(document, dict), "a stored answer is an object"
    return document


def _seconds(given: object, words: tuple[Word, ...]) -> int:
    seconds = _number(given)
    if seconds is None:
        seconds = max((word.end for word in words), default=0) / MS_PER_S
    return math.ceil(seconds)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < NUMBER_MAX else None
