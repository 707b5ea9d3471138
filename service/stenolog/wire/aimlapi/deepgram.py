"""Map a result in Deepgram's shape to the members of AssemblyAI's transcript.

Whisper models answer in it, too. Times are in seconds there, speakers and channels numbers from 0.
What has no place in a transcript of AssemblyAI's stays as it is, in `rest`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stenolog.wire.aimlapi.deepgram_findings import entities, sentiments, summary, topics
from stenolog.wire.aimlapi.mapped import Json, Mapped, objects, with_others
from stenolog.wire.aimlapi.times import ms
from stenolog.wire.aimlapi.turns import mean_confidence, speaker_label, turns


def is_deepgram(payload: Mapping[str, Any]) -> bool:
    """Tell whether a result has Deepgram's shape: channels with alternatives."""
    results = payload.get("results")
    return isinstance(results, dict) and isinstance(results.get("channels"), dict | list)


def of_deepgram(payload: Mapping[str, Any]) -> Mapped:
    """Return what a transcript says of this result."""
    results: Mapping[str, Any] = payload["results"]
    metadata = payload.get("metadata")
    about: Mapping[str, Any] = metadata if isinstance(metadata, dict) else {}
    channels = _channels(results)
    several = len(channels) > 1
    spoken = [_words(_best(channel), at, several) for at, channel in enumerate(channels)]
    words = [word for one in spoken for word in one]
    if several:
        words.sort(key=_start)
    given = results.get("utterances")
    utterances = _utterances(given, several) if isinstance(given, list) else None
    if utterances is None and (several or any(word["speaker"] for word in words)):
        utterances = turns(words)
    best = _best(channels[0]) if channels else {}
    first = spoken[0] if spoken else []
    fields: Json = {
        "text": _text(channels, utterances) if several else best.get("transcript"),
        "words": words,
        "utterances": utterances,
        "confidence": mean_confidence(words) if several else best.get("confidence"),
        "speech_model_used": _model(about),
        **_language(channels),
    }
    if several:
        fields["audio_channels"] = len(channels)
    found = [
        one for at, channel in enumerate(channels) for one in entities(_best(channel), spoken[at])
    ]
    if any("entities" in _best(channel) for channel in channels):
        fields["entities"] = sorted(found, key=_start)
    fields |= sentiments(results, first) | topics(results, first) | summary(results)
    return Mapped(
        family="deepgram", fields=fields, rest=_rest(payload), duration_ms=ms(about.get("duration"))
    )


def _channels(results: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    given = results["channels"]
    return objects([given] if isinstance(given, dict) else given)  # the schemas have one object


def _best(channel: Mapping[str, Any]) -> Mapping[str, Any]:
    alternatives = objects(channel.get("alternatives"))
    return alternatives[0] if alternatives else {}


def _words(spoken: Mapping[str, Any], channel: int, several: bool) -> list[Json]:
    return [_word(word, channel, several) for word in objects(spoken.get("words"))]


def _word(word: Mapping[str, Any], channel: int, several: bool) -> Json:
    text = word.get("punctuated_word")
    if text is None:
        text = word.get("word")
    start, end = ms(word.get("start")), ms(word.get("end"))
    made: Json = {
        "text": text,
        "start": start,
        "end": end if start is None or end is None else max(start, end),
        "confidence": word.get("confidence"),
        "speaker": speaker_label(word.get("speaker"), channel if several else None),
    }
    if several:
        made["channel"] = str(channel + 1)
    shown = {"punctuated_word", "start", "end", "confidence", "speaker"}
    if word.get("word") == text:
        shown.add("word")
    return with_others(made, word, shown)


def _utterances(given: Sequence[object], several: bool) -> list[Json]:
    found = []
    for one in objects(given):
        number = one.get("channel")
        channel = number if isinstance(number, int) and not isinstance(number, bool) else 0
        start, end = ms(one.get("start")), ms(one.get("end"))
        made: Json = {
            "speaker": speaker_label(one.get("speaker"), channel if several else None),
            "text": one.get("transcript"),
            "start": start,
            "end": end if start is None or end is None else max(start, end),
            "confidence": one.get("confidence"),
            "words": _words(one, channel, several),
        }
        if several:
            made["channel"] = str(channel + 1)
        shown = {"transcript", "start", "end", "confidence", "words", "speaker", "channel"}
        found.append(with_others(made, one, shown))
    return found


def _text(channels: Sequence[Mapping[str, Any]], utterances: Sequence[Json] | None) -> str:
    """Return the text of several channels, as they take turns."""
    said = [one.get("text") for one in utterances or ()]
    if not said:
        said = [_best(channel).get("transcript") for channel in channels]
    return " ".join(one for one in said if isinstance(one, str) and one)


def _language(channels: Sequence[Mapping[str, Any]]) -> Json:
    for channel in channels:
        code = channel.get("detected_language")
        if isinstance(code, str):
            return {
                "language_code": code.lower().replace("-", "_"),
                "language_confidence": channel.get("language_confidence"),
            }
    return {}


def _model(metadata: Mapping[str, Any]) -> str | None:
    infos = metadata.get("model_info")
    for info in objects(list(infos.values())) if isinstance(infos, dict) else ():
        if isinstance(info.get("name"), str):
            return str(info["name"])
    return None


def _start(item: Json) -> int:
    start = item.get("start")
    return start if isinstance(start, int) else 0


def _rest(payload: Mapping[str, Any]) -> Json:
    """Return the result without its words and utterances, of which the transcript has all."""
    results = payload["results"]
    kept = {name: one for name, one in results.items() if name not in ("channels", "utterances")}
    kept["channels"] = [_without_words(channel) for channel in _channels(results)]
    if not isinstance(results.get("utterances"), list | None):
        kept["utterances"] = results["utterances"]
    return {**payload, "results": kept}


def _without_words(channel: Mapping[str, Any]) -> Json:
    alternatives = objects(channel.get("alternatives"))
    if not alternatives:
        return dict(channel)
    best = {name: one for name, one in alternatives[0].items() if name != "words"}
    return {**channel, "alternatives": [best, *alternatives[1:]]}
