"""Transcribe one file: decode, find voice, recognise, time the words, tell speakers apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from stenolog.engine import audio_errors
from stenolog.engine.audio.decode import decode
from stenolog.engine.audio.hearing import AUDIO_MS_MIN
from stenolog.engine.audio_facts import AudioFacts
from stenolog.engine.confidence import is_clear_english
from stenolog.engine.options import SpeechOptions
from stenolog.engine.speakers.attribution import with_speakers, without_speakers
from stenolog.engine.speakers.voices import Voices
from stenolog.engine.speech import wording
from stenolog.engine.speech.alignment import best_word_timer
from stenolog.engine.speech.lines import cut_lines, speech_ratio
from stenolog.engine.speech.recognisers import open_recogniser
from stenolog.engine.speech.silero import Silero
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
class Transcribed:
    """What was said, and the recording that it was heard in.

    Where a part was asked for, `audio` is that part, which begins at `from_ms` of the file.
    `lines` say what was recognised in one piece, and how exact the times of its words are.
    """

    words: tuple[SpokenWord, ...]
    audio: Waveform
    lines: HeardLines
    from_ms: int = 0


def load_techniques(*, threads: int, model: Path | None = None) -> Techniques:
    """Load all models, about a second; `threads` of CPU for each.

    They come from the moonshine-voice wheel, but for a recogniser in the directory `model`.

    Words are placed by pocketsphinx where it is installed, else by energy.

    Raises:
        ModelUnusable: There is none that can be used.
        OSError: The wheel or a part of it is missing.
    """
    return Techniques(
        voice_activity=Silero(),
        recogniser=open_recogniser(model, threads=threads),
        word_timer=best_word_timer(),
        speakers=Voices(threads=threads),
    )


def transcribe(
    file: BinaryIO,
    options: SpeechOptions,
    techniques: Techniques,
    *,
    audio_ms_max: int,
    decoded: Callable[[int, AudioFacts], None],
    alive: Heartbeat,
) -> Transcribed:
    """Transcribe a file, or the part that is asked for, to words in order of time.

    Times are those of the whole file. `decoded` is called with its duration in ms and what is
    known of the recording.

    Raises:
        AudioRefused: Nothing can be transcribed from it, and why.
    """
    recording = decode(file, audio_ms_max=audio_ms_max, alive=alive)
    decoded(-(-recording.audio.size * 1000 // SAMPLE_RATE), recording.facts)
    audio = _excerpt(recording.audio, options)
    probabilities = techniques.voice_activity.probabilities(audio, alive)
    _check_threshold(speech_ratio(probabilities), options.speech_threshold)
    lines = cut_lines(probabilities, audio.size)
    heard_lines = HeardLines()
    words = _recognised(audio, lines, techniques, heard_lines, alive)
    if not words and options.language_detection:
        raise audio_errors.no_speech_to_detect()
    if not is_clear_english([word.confidence for word in words]):
        raise audio_errors.not_clear_english()
    if options.speakers is None or not words:
        spoken = without_speakers(words)
    else:
        turns = techniques.speakers.turns(audio, options.speakers, alive)
        spoken = with_speakers(words, turns)
    from_ms = options.from_ms or 0
    return Transcribed(
        words=_later(spoken, from_ms),
        audio=audio,
        lines=heard_lines.later(from_ms),
        from_ms=from_ms,
    )


def _excerpt(audio: Waveform, options: SpeechOptions) -> Waveform:
    """Return the part between `audio_start_from` and `audio_end_at`; it may end with the audio."""
    if options.from_ms is None and options.to_ms is None:
        return audio
    begin = (options.from_ms or 0) * SAMPLE_RATE // 1000
    end = audio.size if options.to_ms is None else options.to_ms * SAMPLE_RATE // 1000
    part = audio[begin:end]
    if part.size * 1000 < AUDIO_MS_MIN * SAMPLE_RATE:
        raise audio_errors.too_short()
    return part


def _later(words: tuple[SpokenWord, ...], by_ms: int) -> tuple[SpokenWord, ...]:
    if not by_ms:
        return words
    return tuple(replace(word, start=word.start + by_ms, end=word.end + by_ms) for word in words)


def _check_threshold(ratio: float, threshold: float | None) -> None:
    if threshold is not None and ratio < threshold:
        raise audio_errors.too_little_speech(ratio, threshold)


def _recognised(
    audio: Waveform,
    lines: tuple[Line, ...],
    techniques: Techniques,
    heard_lines: HeardLines,
    alive: Heartbeat,
) -> list[TimedWord]:
    found: list[TimedWord] = []
    sentence_begins = True
    for line in lines:
        alive()
        sound = audio[line.start : line.end]
        heard = techniques.recogniser.words(sound)
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
