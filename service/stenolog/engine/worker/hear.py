"""Hear one audio: find voice, recognise, time the words, tell speakers apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.options import Keyterms, SpeechOptions
from stenolog.engine.speakers.attribution import with_speakers, without_speakers
from stenolog.engine.speech import wording
from stenolog.engine.speech.lines import cut_lines
from stenolog.engine.spoken import SpokenWord
from stenolog.engine.techniques import (
    SAMPLE_RATE,
    Heartbeat,
    Line,
    RecognisedWord,
    Recogniser,
    SpeakerSeparator,
    TimedWord,
    VoiceActivity,
    Waveform,
    WordTimer,
    WordTimes,
)
from stenolog.engine.worker.heard_lines import HeardLines
from stenolog.intelligence.redaction import HeardLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Techniques:
    """The chosen technique of each kind, loaded and ready."""

    voice_activity: VoiceActivity
    recogniser: Recogniser
    word_timer: WordTimer
    speakers: SpeakerSeparator


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was said in one audio, and which lines were recognised in one piece."""

    words: tuple[SpokenWord, ...]
    lines: HeardLines


def hear(
    audio: Waveform,
    voice: NDArray[np.float32],
    options: SpeechOptions,
    techniques: Techniques,
    alive: Heartbeat,
) -> Heard:
    """Return its words in order of time, with speakers where they are asked for.

    `voice` is what `VoiceActivity` tells of the audio.
    """
    lines = HeardLines()
    cut = cut_lines(voice, audio.size)
    words = _recognised(audio, cut, options.keyterms, techniques, lines, alive)
    if options.speakers is None or not words:
        return Heard(words=without_speakers(words), lines=lines)
    turns = techniques.speakers.turns(audio, options.speakers, alive)
    return Heard(words=with_speakers(words, turns), lines=lines)


def _recognised(
    audio: Waveform,
    lines: tuple[Line, ...],
    keyterms: Keyterms | None,
    techniques: Techniques,
    heard_lines: HeardLines,
    alive: Heartbeat,
) -> list[TimedWord]:
    found: list[TimedWord] = []
    sentence_begins = True
    for line in lines:
        alive()
        sound = audio[line.start : line.end]
        heard = techniques.recogniser.words(sound, keyterms)
        if wording.is_stray(heard):
            continue
        words = wording.tidy(heard, sentence_begins=sentence_begins)
        if words:
            sentence_begins = wording.ends_sentence(words[-1].text)
        alive()
        times = techniques.word_timer.times(sound, [word.text for word in words])
        offset_ms = line.start * 1000 // SAMPLE_RATE
        heard_lines.add(
            HeardLine(
                start_ms=offset_ms,
                end_ms=-(-line.end * 1000 // SAMPLE_RATE),
                margin_ms=times.margin_ms,
            )
        )
        found.extend(_timed(words, times, offset_ms))
    return found


def _timed(words: tuple[RecognisedWord, ...], times: WordTimes, offset_ms: int) -> list[TimedWord]:
    return [
        TimedWord(
            text=word.text,
            confidence=word.confidence,
            start_ms=offset_ms + start,
            end_ms=offset_ms + max(start, end),
        )
        for word, (start, end) in zip(words, times.times_ms, strict=True)
    ]
