"""Find text and words in a result whose shape nobody here knows, by rule.

The text is the shallowest string that is named as texts are. Words are the lists, all equally
deep, whose objects have a text and times. Whether times are seconds or milliseconds is told by
their names, else by fractions, else by how long a word takes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from stenolog.wire.aimlapi.mapped import Json, Mapped, objects, with_others
from stenolog.wire.aimlapi.numbers import finite
from stenolog.wire.aimlapi.times import ms
from stenolog.wire.aimlapi.turns import letters, mean_confidence, turns

TEXT_NAMES = ("text", "transcript", "transcription", "transcribed_text", "content")
WORD_TEXT_NAMES = ("punctuated_word", "text", "word", "content", "value", "token")
START_NAMES = ("start", "start_time", "start_ms", "startTime", "start_seconds", "begin", "from")
END_NAMES = ("end", "end_time", "end_ms", "endTime", "end_seconds", "stop", "to")
PAIR_NAMES = ("timestamp", "timestamps", "time")
SPEAKER_NAMES = ("speaker", "speaker_id", "speaker_label", "speaker_tag")
CONFIDENCE_NAMES = ("confidence", "probability", "score", "p")
LANGUAGE_NAMES = ("language_code", "language", "detected_language")
DURATION_NAMES = ("duration", "audio_duration", "audio_duration_secs", "duration_seconds")
# Lists that hold words, and no sentences or segments.
LIST_NAMES = ("words", "tokens", "word_timestamps", "timestamps", "items")
NO_WORDS = frozenset({"spacing", "space", "whitespace"})  # what a word's `type` may say
DEPTH_MAX = 8
OBJECTS_MAX = 50_000  # that are looked at; segments of ten hours are some 20,000
WORD_MS_MIN = 20.0  # shorter than any word in ms, longer than any in seconds


def found_in(payload: Mapping[str, Any]) -> Mapped:
    """Return what can be found; the whole result is the rest."""
    given = list(_word_lists(payload))
    items = [item for one in given for item in one if _is_word(item)]
    scale = _ms_per_unit(items)
    labels: dict[str, str] = {}
    words = [_word(item, scale, labels) for item in items]
    text = next(_named(payload, TEXT_NAMES), None)
    if text is None and words:
        text = " ".join(str(word["text"]) for word in words)
    code = next(_named(payload, LANGUAGE_NAMES), None)
    confidence = payload.get("confidence")
    fields: Json = {
        "text": None if text is None else text.strip(),
        "words": words or None,
        "utterances": turns(words) if any(word["speaker"] for word in words) else None,
        "confidence": confidence if finite(confidence) is not None else mean_confidence(words),
        "language_code": code.lower().replace("-", "_") if code else None,
    }
    return Mapped(family="unknown", fields=fields, rest=payload, duration_ms=_duration_ms(payload))


def _word_lists(payload: Mapping[str, Any]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield the lists of words at the least depth at which there are any, in their order."""
    for level in _levels(payload):
        lists = [objects(one.get(name)) for one in level for name in LIST_NAMES]
        here = [items for items in lists if any(_is_word(item) for item in items)]
        if here:
            yield from here
            return


def _named(payload: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    for level in _levels(payload):
        for name in names:
            yield from (value for one in level if isinstance(value := one.get(name), str) and value)


def _levels(payload: Mapping[str, Any]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield the objects in the payload, level by level, within limits."""
    level: list[Mapping[str, Any]] = [payload]
    seen = 0
    for _ in range(DEPTH_MAX):
        level = level[: OBJECTS_MAX - seen]
        if not level:
            return
        yield level
        seen += len(level)
        below: list[Mapping[str, Any]] = []
        for one in level:
            for value in one.values():
                below += [value] if isinstance(value, dict) else objects(value)
                if len(below) > OBJECTS_MAX:
                    break
        level = below


def _is_word(item: Mapping[str, Any]) -> bool:
    kind = item.get("type")
    if isinstance(kind, str) and kind in NO_WORDS:
        return False
    return _first(item, WORD_TEXT_NAMES)[0] != "" and None not in _times(item)


def _word(item: Mapping[str, Any], scale: float, labels: dict[str, str]) -> Json:
    text_name, text = _first(item, WORD_TEXT_NAMES)
    start, end = (None if one is None else ms(one * scale) for one in _times(item))
    speaker = next((one for name in SPEAKER_NAMES if (one := item.get(name)) is not None), None)
    if speaker is not None:
        speaker = labels.setdefault(str(speaker), letters(len(labels)))
    made: Json = {
        "text": str(text).strip(),
        "start": start,
        "end": end if start is None or end is None else max(start, end),
        "confidence": _confidence(item),
        "speaker": speaker,
    }
    shown = {text_name, *START_NAMES, *END_NAMES, *PAIR_NAMES, "confidence"}
    return with_others(made, item, shown)


def _first(item: Mapping[str, Any], names: Sequence[str]) -> tuple[str, object]:
    for name in names:
        value = item.get(name)
        if isinstance(value, str) and value.strip():
            return name, value
    return "", None


def _times(item: Mapping[str, Any]) -> tuple[float | None, float | None]:
    for name in PAIR_NAMES:
        pair = item.get(name)
        if isinstance(pair, list) and len(pair) == 2:
            return finite(pair[0]), finite(pair[1])
        if isinstance(pair, dict):
            return _named_times(pair)
    return _named_times(item)


def _named_times(item: Mapping[str, Any]) -> tuple[float | None, float | None]:
    starts = (one for name in START_NAMES if (one := finite(item.get(name))) is not None)
    ends = (one for name in END_NAMES if (one := finite(item.get(name))) is not None)
    return next(starts, None), next(ends, None)


def _ms_per_unit(items: Sequence[Mapping[str, Any]]) -> float:
    """Return by what a time is multiplied to be seconds."""
    if any(name.endswith("_ms") for item in items[:1] for name in item):
        return 1e-3
    times = [one for item in items for one in _times(item) if one is not None]
    if any(not one.is_integer() for one in times):
        return 1.0
    lengths = [
        end - start
        for start, end in map(_times, items)
        if start is not None and end is not None and end > start
    ]
    return 1e-3 if lengths and median(lengths) >= WORD_MS_MIN else 1.0


def _confidence(item: Mapping[str, Any]) -> float | None:
    for name in CONFIDENCE_NAMES:
        value = finite(item.get(name))
        if value is not None:
            return value
    logprob = finite(item.get("logprob"))
    return None if logprob is None else round(math.exp(min(0.0, logprob)), 6)


def _duration_ms(payload: Mapping[str, Any]) -> int | None:
    usage, metadata = payload.get("usage"), payload.get("metadata")
    for one in (payload, metadata if isinstance(metadata, dict) else {}):
        for name in DURATION_NAMES:
            if (found := ms(one.get(name))) is not None:
                return found
    return ms(usage.get("seconds")) if isinstance(usage, dict) else None
