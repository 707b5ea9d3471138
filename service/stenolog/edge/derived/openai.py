"""Shape a transcript as OpenAI does: a text, with segments and words, times in seconds."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenolog.edge.derived.timed_words import MS_PER_S, TimedWords
from stenolog.intelligence.sentences import sentences
from stenolog.intelligence.words import Word, joined_text
from stenolog.wire.openai.answers import usage
from stenolog.wire.openai.languages import named

CONFIDENCE_MIN = 1e-6  # its logarithm is still a number
NOBODY = "A"  # the one speaker where none was told apart
Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenaiLook:
    """What a request makes of the shape.

    Attributes:
        duration_ms: How long the audio is; None: as the words tell.
        words: The answer has the times of words; `segments`: of sentences.
        speakers: It is `diarized_json`: segments have speakers, and nothing else has times.
        streamed: It comes as events.
    """

    duration_ms: int | None = None
    words: bool = False
    segments: bool = True
    speakers: bool = False
    streamed: bool = False


PLAIN_LOOK = OpenaiLook()


def openai_shape(found: TimedWords, look: OpenaiLook) -> Json:
    """Return `verbose_json`, or `diarized_json`."""
    duration = found.audio_duration if look.duration_ms is None else look.duration_ms / MS_PER_S
    about: Json = {"task": "transcribe", "duration": duration, "text": found.text}
    about["usage"] = usage(duration)
    if look.speakers:
        return {**about, "segments": diarized(found)}
    about["language"] = named(found.language_code)
    if look.segments:
        about["segments"] = [*_segments(found.words)]
    if look.words:
        about["words"] = [
            {"word": one.text, "start": one.start / MS_PER_S, "end": one.end / MS_PER_S}
            for one in found.words
        ]
    return about


def diarized(found: TimedWords) -> list[Json]:
    """Return the segments of `diarized_json`: sentences with their speakers."""
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{number:03}",
            **_span(said),
            "speaker": said[0].speaker or NOBODY,
            "text": joined_text(said),
        }
        for number, said in enumerate(sentences(found.words))
    ]


def _segments(words: Sequence[Word]) -> Iterator[Json]:
    """Yield sentences with the figures that Whisper has, as far as there are such here."""
    for number, said in enumerate(sentences(words)):
        # As in Whisper's answers, all texts one behind the other are the whole text.
        text = joined_text(said) if said[0].joined else f" {joined_text(said)}"
        yield {
            "id": number,
            "seek": 0,
            **_span(said),
            "text": text,
            "tokens": [],
            "temperature": 0.0,
            "avg_logprob": _mean_logarithm(said),
            "compression_ratio": _compression_ratio(text),
            "no_speech_prob": 0.0,
        }


def _span(said: Sequence[Word]) -> Json:
    return {"start": said[0].start / MS_PER_S, "end": max(one.end for one in said) / MS_PER_S}


def _mean_logarithm(said: Sequence[Word]) -> float:
    """Return the mean of the logarithms of the words' confidences, as Whisper's is of tokens'."""
    return sum(math.log(max(CONFIDENCE_MIN, one.confidence)) for one in said) / len(said)


def _compression_ratio(text: str) -> float:
    """Return how much shorter zlib makes the text: text that repeats itself is over 2.4."""
    content = text.encode(errors="replace")
    return len(content) / len(zlib.compress(content))
