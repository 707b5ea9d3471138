"""Write what OpenAI answers of a transcription that is told as one text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping


def text_answer(
    text: str, seconds: float | None, language: str | None, *, names_languages: bool
) -> dict[str, object]:
    """Return the `json` format; what it cost is told as the audio's length, where that is known."""
    answer: dict[str, object] = {"text": text}
    if seconds is not None:
        answer["usage"] = usage(seconds)
    if names_languages:
        answer["languages"] = [] if language is None else [{"code": language}]
    return answer


def usage(seconds: float) -> dict[str, object]:
    """Return what a transcription cost, as OpenAI tells it of models that it bills by length."""
    return {"type": "duration", "seconds": seconds}


def events(text: str, segments: Iterable[Mapping[str, object]]) -> bytes:
    """Return the stream of a transcription that is done: its segments, its text, its end."""
    told: list[Mapping[str, object]] = [*segments]
    told.append({"type": "transcript.text.delta", "delta": text})
    told.append({"type": "transcript.text.done", "text": text})
    return "".join(f"data: {json.dumps(one)}\n\n" for one in told).encode()
