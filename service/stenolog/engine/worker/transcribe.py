"""Transcribe one file: decode it, and hear it as one, or channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from stenolog.engine import audio_errors
from stenolog.engine.audio.decode import decode, decode_channel
from stenolog.engine.audio.hearing import AUDIO_MS_MIN, Recording
from stenolog.engine.audio_facts import AudioFacts
from stenolog.engine.confidence import is_clear_english
from stenolog.engine.options import SpeechOptions
from stenolog.engine.speakers.attribution import on_channel
from stenolog.engine.speakers.voices import Voices
from stenolog.engine.speech.alignment import best_word_timer
from stenolog.engine.speech.lines import speech_ratio
from stenolog.engine.speech.recognisers import open_recogniser
from stenolog.engine.speech.silero import Silero
from stenolog.engine.spoken import SpokenWord, in_pieces
from stenolog.engine.techniques import SAMPLE_RATE, Heartbeat, Waveform
from stenolog.engine.worker.hear import Techniques, hear
from stenolog.engine.worker.heard_lines import HeardLines


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
    voice_in = techniques.voice_activity.probabilities
    voice = voice_in(audio, alive)
    _check_threshold(speech_ratio(voice), options.speech_threshold)
    if options.multichannel:
        lines, heard_on = HeardLines(), list[tuple[SpokenWord, ...]]()
        for number, channel in _channels(file, recording, options, audio_ms_max, alive):
            heard = hear(channel, voice_in(channel, alive), options, techniques, alive)
            heard_on.append(on_channel(heard.words, number))
        spoken = in_pieces(heard_on)
    else:
        heard = hear(audio, voice, options, techniques, alive)
        spoken, lines = heard.words, heard.lines
    if not spoken and options.language_detection:
        raise audio_errors.no_speech_to_detect()
    if not is_clear_english([word.confidence for word in spoken]):
        raise audio_errors.not_clear_english()
    from_ms = options.from_ms or 0
    return Transcribed(
        words=_later(spoken, from_ms),
        audio=audio,
        lines=lines.later(from_ms),
        from_ms=from_ms,
    )


def _channels(
    file: BinaryIO,
    recording: Recording,
    options: SpeechOptions,
    audio_ms_max: int,
    alive: Heartbeat,
) -> Iterator[tuple[int, Waveform]]:
    """Yield each channel that is not silent, and its number from 1; one at a time is in memory."""
    for channel in range(recording.facts.channels):
        audio = decode_channel(
            file, channel, rank=recording.rank, audio_ms_max=audio_ms_max, alive=alive
        )
        if audio is not None:
            yield channel + 1, _excerpt(audio, options)


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
