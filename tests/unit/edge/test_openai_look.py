"""A transcript in OpenAI's shapes: seconds, sentences as segments, words where they are wanted."""

from __future__ import annotations

import json
import math
from typing import Any

from stenolog.edge.derived.openai import OpenaiLook
from stenolog.edge.derived.render import RenderOrder, render

WORDS = [
    {"text": text, "start": start, "end": start + 200, "confidence": 0.5, "speaker": speaker}
    for text, start, speaker in (
        ("Fire!", 0, "B"),
        ("It", 400, "B"),
        ("burns.", 700, "B"),
        ("Don't", 5_000, "A"),
        ("run.", 5_300, "A"),
    )
]
TEXT = "Fire! It burns. Don't run."


def body(**more: Any) -> bytes:
    stored = {"status": "completed", "text": TEXT, "words": WORDS, "language_code": "en_us", **more}
    return json.dumps(stored).encode()


def shaped(stored: bytes | None = None, **look: Any) -> Any:
    order = RenderOrder(view="openai", openai=OpenaiLook(**look))
    return render("an-id", body() if stored is None else stored, order)


def test_verbose_json_has_the_segments_and_words_that_were_asked_for() -> None:
    told = json.loads(shaped(duration_ms=7_250))
    assert (told["task"], told["language"], told["duration"]) == ("transcribe", "english", 7.25)
    assert (told["text"], told["usage"]) == (TEXT, {"type": "duration", "seconds": 7.25})
    assert [one["text"] for one in told["segments"]] == [" Fire!", " It burns.", " Don't run."]
    assert "".join(one["text"] for one in told["segments"]).strip() == TEXT
    second = told["segments"][1]
    assert (second["id"], second["start"], second["end"]) == (1, 0.4, 0.9)
    assert math.isclose(second["avg_logprob"], math.log(0.5))
    assert (second["tokens"], second["no_speech_prob"]) == ([], 0)
    assert 0 < second["compression_ratio"] < 2.4
    assert "words" not in told
    told = json.loads(shaped(words=True, segments=False))
    assert "segments" not in told
    assert told["words"][1] == {"word": "It", "start": 0.4, "end": 0.6}
    assert told["duration"] == 6  # as the words tell, rounded up


def test_text_that_repeats_itself_has_a_high_compression_ratio() -> None:
    words = [{**WORDS[0], "text": "again", "start": at, "end": at + 1} for at in range(200)]
    told = json.loads(shaped(body(words=words, text="again " * 200)))
    assert told["segments"][0]["compression_ratio"] > 2.4


def test_diarized_json_names_the_speaker_of_every_segment() -> None:
    told = json.loads(shaped(speakers=True))
    assert [(one["speaker"], one["text"]) for one in told["segments"]] == [
        ("B", "Fire!"),
        ("B", "It burns."),
        ("A", "Don't run."),
    ]
    assert {one["type"] for one in told["segments"]} == {"transcript.text.segment"}
    assert "language" not in told


def test_its_stream_has_the_segments_the_text_and_an_end() -> None:
    lines = shaped(speakers=True, streamed=True).decode().split("\n\n")
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    kinds = [one["type"].removeprefix("transcript.text.") for one in told]
    assert kinds == ["segment", "segment", "segment", "delta", "done"]
    assert told[-2]["delta"] == told[-1]["text"] == TEXT


def test_silence_has_a_shape_too() -> None:
    silent = json.loads(shaped(body(words=[], text="", language_code=None), words=True))
    assert (silent["segments"], silent["words"], silent["language"]) == ([], [], "")


def test_a_word_without_confidence_has_a_logarithm_that_is_a_number() -> None:
    told = json.loads(shaped(body(words=[{**WORDS[0], "confidence": 0}])))
    assert told["segments"][0]["avg_logprob"] < -10
