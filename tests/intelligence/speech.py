"""Words as a provider gives them, made from a text."""

from __future__ import annotations

from typing import Any

from stenolog.intelligence.words import Word, read_words

WORD_MS = 300


def raw_words(text: str, *, speaker: str | None = None, begin: int = 0) -> list[dict[str, Any]]:
    """The words of `text`, evenly spoken; `|` is a pause of two seconds."""
    words: list[dict[str, Any]] = []
    at = begin
    for spoken in text.split():
        if spoken == "|":
            at += 2_000
            continue
        word = {"text": spoken, "start": at, "end": at + WORD_MS, "confidence": 0.9}
        words.append({**word, "speaker": speaker})
        at += WORD_MS
    return words


def spoken(text: str, **how: Any) -> tuple[Word, ...]:
    """The same, read."""
    return read_words(raw_words(text, **how), " ".join(text.replace("|", " ").split()))
