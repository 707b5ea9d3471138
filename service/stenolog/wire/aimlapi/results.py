"""Map a result of any of AIMLAPI's families: by its shape, because names of models change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stenolog.wire.aimlapi.deepgram import is_deepgram, of_deepgram
from stenolog.wire.aimlapi.found import found_in
from stenolog.wire.aimlapi.mapped import Mapped
from stenolog.wire.aimlapi.times import ms

# Together they are in no other family's results.
OF_ASSEMBLYAI = frozenset({"id", "status", "text", "words", "audio_duration"})
# Results of text and what it cost.
OF_TEXT = frozenset({"text", "usage", "language", "languages", "logprobs"})


def result_of(payload: Mapping[str, Any]) -> Mapped:
    """Return what a result says in the words of AssemblyAI's transcript; nothing is dropped.

    An AssemblyAI transcript is one already: its fields are its own.
    """
    if is_deepgram(payload):
        return of_deepgram(payload)
    if payload.keys() >= OF_ASSEMBLYAI:
        return Mapped(
            family="transcript",
            fields=payload,
            rest={},
            duration_ms=ms(payload.get("audio_duration")),
        )
    if isinstance(payload.get("text"), str) and payload.keys() <= OF_TEXT:
        return _of_text(payload)
    return found_in(payload)


def speech_share(mapped: Mapped) -> float | None:
    """Return how much of the audio is in words, 0 to 1, from their times.

    None where that cannot be known, and for AssemblyAI's own results: it measures for itself.
    """
    if mapped.family == "transcript" or not mapped.duration_ms or not mapped.words:
        is_said = mapped.words or mapped.fields.get("text")
        silent = mapped.family == "deepgram" and mapped.duration_ms and not is_said
        return 0.0 if silent else None
    timed = spoken_ms = until_ms = 0
    for word in sorted(mapped.words, key=_start_ms):
        start_ms, end_ms = word.get("start"), word.get("end")
        if not isinstance(start_ms, int) or not isinstance(end_ms, int):
            continue
        timed += 1
        spoken_ms += max(0, end_ms - max(start_ms, until_ms))
        until_ms = max(until_ms, end_ms)
    return min(1.0, spoken_ms / mapped.duration_ms) if timed else None


def _of_text(payload: Mapping[str, Any]) -> Mapped:
    usage, language = payload.get("usage"), payload.get("language")
    seconds = usage.get("seconds") if isinstance(usage, dict) else None
    fields = {
        "text": payload["text"],
        "words": None,
        "utterances": None,
        "confidence": None,
        "language_code": language if isinstance(language, str) else None,
    }
    rest = {name: one for name, one in payload.items() if name not in ("text", "language")}
    return Mapped(family="text", fields=fields, rest=rest, duration_ms=ms(seconds))


def _start_ms(word: Mapping[str, Any]) -> int:
    start = word.get("start")
    return start if isinstance(start, int) else 0
