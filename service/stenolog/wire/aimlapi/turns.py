"""Name speakers as AssemblyAI does, and divide words into their turns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from stenolog.wire.aimlapi.mapped import Json
from stenolog.wire.aimlapi.numbers import finite

LETTERS = 26


def speaker_label(number: object, channel: int | None) -> str | None:
    """Return the label of a speaker: A, B, C; with a channel, counted from 0, `1A` or `1`."""
    letter = ""
    if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
        letter = letters(number)
    elif isinstance(number, str):
        letter = number
    if channel is not None:
        return f"{channel + 1}{letter}"
    return letter or None


def letters(number: int) -> str:
    """Return A for 0, Z for 25, AA for 26."""
    made = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, LETTERS)
        made = chr(ord("A") + digit) + made
    return made


def turns(words: Sequence[Json]) -> list[Json]:
    """Return one utterance for everything that a speaker says until another one speaks."""
    made = []
    for speaker, turn in groupby(words, key=lambda word: word.get("speaker")):
        said = list(turn)
        starts = [one for word in said if isinstance(one := word.get("start"), int)]
        ends = [one for word in said if isinstance(one := word.get("end"), int)]
        utterance: Json = {
            "speaker": speaker,
            "text": " ".join(str(word.get("text") or "") for word in said),
            "start": min(starts, default=None),
            "end": max(ends, default=None),
            "confidence": mean_confidence(said),
            "words": said,
        }
        if said[0].get("channel") is not None:
            utterance["channel"] = said[0]["channel"]
        made.append(utterance)
    return made


def mean_confidence(words: Sequence[Json]) -> float | None:
    """Return the mean of the words' confidences; None without any."""
    known = [one for word in words if (one := finite(word.get("confidence"))) is not None]
    return round(sum(known) / len(known), 6) if known else None
