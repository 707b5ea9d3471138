"""A transcript in Deepgram's shape: seconds, speakers from 0, and only what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stenolog.edge.derived.deepgram import DeepgramLook, deepgram_shape
from stenolog.edge.derived.timed_words import TimedWords
from stenolog.intelligence.words import read_words
from stenolog.wire.aimlapi.results import result_of


def word(text: str, start: int, speaker: str | None = None, **more: Any) -> dict[str, Any]:
    at = {"text": text, "start": start, "end": start + 200, "confidence": 0.5}
    return {**at, "speaker": speaker, **more}


SAID = [
    word("Fire!", 0, "B"),
    word("It", 400, "B"),
    word("burns.", 700, "B"),
    word("Don't", 5_000, "A"),
    word("run.", 5_300, "A"),
]


def shaped(words: Sequence[dict[str, Any]], **look: Any) -> dict[str, Any]:
    found = TimedWords(
        id="an-id",
        text="",
        words=read_words(words, " ".join(one["text"] for one in words)),
        confidence=0.5,
        audio_duration=7,
        speech_model_used="moonshine-base-en",
    )
    return deepgram_shape(found, DeepgramLook(**look))


def best(result: dict[str, Any], channel: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = result["results"]["channels"][channel]["alternatives"][0]
    return found


def test_by_default_it_is_plain_as_whispers_is() -> None:
    result = shaped(SAID)
    assert best(result)["transcript"] == "fire it burns don't run"
    assert best(result)["words"][0] == {"word": "fire", "start": 0, "end": 0.2, "confidence": 0.5}
    assert best(result).keys() == {"transcript", "confidence", "words"}
    assert result["results"].keys() == {"channels"}
    assert result["metadata"]["duration"] == 7
    assert result["metadata"]["model_info"]["moonshine-base-en"]["name"] == "moonshine-base-en"


def test_everything_that_can_be_asked_for_is_there() -> None:
    asked = dict.fromkeys(("punctuated", "speakers", "paragraphs", "utterances"), True)
    result = shaped(SAID, **asked, language="en", duration_ms=6_500)
    assert best(result)["transcript"] == "Fire! It burns. Don't run."
    assert [one["speaker"] for one in best(result)["words"]] == [0, 0, 0, 1, 1]
    assert best(result)["words"][4]["punctuated_word"] == "run."
    shown = best(result)["paragraphs"]
    assert shown["transcript"] == "\nSpeaker 0: Fire! It burns.\n\nSpeaker 1: Don't run."
    assert [one["num_words"] for one in shown["paragraphs"]] == [3, 2]
    assert shown["paragraphs"][0]["sentences"][1] == {"text": "It burns.", "start": 0.4, "end": 0.9}
    first, second = result["results"]["utterances"]
    assert (first["transcript"], first["speaker"], first["channel"]) == ("Fire! It burns.", 0, 0)
    assert (second["start"], second["end"], len(second["words"])) == (5.0, 5.5, 2)
    assert result["results"]["channels"][0]["detected_language"] == "en"
    assert result["metadata"]["duration"] == 6.5


def test_a_pause_ends_an_utterance_as_long_as_it_was_asked_for() -> None:
    alone = [word("one", 0), word("two", 900)]
    assert len(shaped(alone, utterances=True)["results"]["utterances"]) == 1
    assert len(shaped(alone, utterances=True, pause_ms=600)["results"]["utterances"]) == 2


def test_channels_stay_apart() -> None:
    words = [word("left", 0, channel="1"), word("right", 100, channel="2")]
    result = shaped(words, utterances=True)
    assert [best(result, at)["transcript"] for at in (0, 1)] == ["left", "right"]
    assert [one["channel"] for one in result["results"]["utterances"]] == [0, 1]
    assert result["metadata"]["channels"] == 2


def test_silence_has_one_channel_without_words() -> None:
    assert best(shaped([]))["transcript"] == ""


def test_whoever_reads_deepgrams_shape_reads_the_same_words() -> None:
    mapped = result_of(shaped(SAID, punctuated=True, speakers=True))
    assert [one["text"] for one in mapped.words] == [one["text"] for one in SAID]
    assert [one["start"] for one in mapped.words] == [one["start"] for one in SAID]
    assert [one["speaker"] for one in mapped.words] == ["A", "A", "A", "B", "B"]
