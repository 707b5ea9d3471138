"""Measure who is told to speak: wrong speakers, and how many are found."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator, Sequence

import numpy as np

from infra.bench.figures import Figure, at_least, at_most
from infra.eval.ears import ANY_NUMBER, AUDIO_MS_MAX, Ears
from infra.eval.recordings import Recording, Said
from infra.eval.scoring import share_right
from stenolog.engine.audio.decode import decode
from stenolog.engine.options import SpeakerBounds, SpeechOptions
from stenolog.engine.speech.weights import wheel
from stenolog.engine.spoken import SpokenWord
from stenolog.engine.techniques import SAMPLE_RATE, Waveform

# Pieces of the recordings in the recogniser's package: file, seconds, and whose voice it is.
PIECES = (
    ("two_cities", 0.9, 10.5, "reader"),
    ("endgame_nagg_nell", 4.5, 8.4, "he"),
    ("clone-test", 0.0, 4.1, "another"),
    ("endgame_nagg_nell", 8.4, 11.7, "she"),
    ("two_cities", 10.5, 20.9, "reader"),
    ("endgame_nagg_nell", 11.7, 14.3, "he"),
    ("endgame_nagg_nell", 14.3, 17.3, "she"),
    ("beckett", 0.0, 9.9, "reader"),
)
LOUDNESS = 0.08  # of each piece
WRONG_PERCENT_MAX = 5.0
FAR = "far microphone"
SAMPLE_MAX = 32_767


def measure(recordings: Sequence[Recording], ears: Ears) -> Iterator[Figure]:
    """Yield the share of words with a wrong speaker, by kind, and of counts that are right."""
    audio, turns = sequence()
    options = SpeechOptions(speakers=ANY_NUMBER)
    words = ears.hear_file(io.BytesIO(wav(audio)), options).words
    yield _wrong("pieces in a row, exact turns", [(words, turns)])
    known = [recording for recording in recordings if recording.turns]
    for group in dict.fromkeys(recording.group for recording in known):
        chosen = [recording for recording in known if recording.group == group]
        heard = [(ears.hear(one.path, options).words, one.turns) for one in chosen]
        yield _wrong(f"{group} ({len(chosen)})", heard, wanted=group != FAR)
        if group == FAR:
            given = [(ears.hear(one.path, _exactly(one)).words, one.turns) for one in chosen]
            yield _wrong(f"{group}, the number given", given, wanted=False)
    counted = [one for one in recordings if one.speakers and one.group != "no speech"]
    if counted:
        right = sum(
            len({word.speaker for word in ears.hear(one.path, options).words}) == one.speakers
            for one in counted
        )
        yield Figure(
            name=f"number of speakers right ({len(counted)} recordings)",
            value=100 * right / len(counted),
            unit="%",
            wanted=at_least(90.0),
        )


def sequence() -> tuple[Waveform, tuple[Said, ...]]:
    """Return pieces in a row, each as loud as the others, and whose they are."""
    folder = wheel()
    assert folder is not None, "the engine is installed"
    whole = {
        name: decode(
            io.BytesIO((folder / "assets" / f"{name}.wav").read_bytes()),
            audio_ms_max=AUDIO_MS_MAX,
            alive=lambda: None,
        ).audio
        for name in {name for name, *_ in PIECES}
    }
    pieces: list[Waveform] = []
    turns: list[Said] = []
    at = 0
    for name, start, end, who in PIECES:
        piece = whole[name][round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        piece = np.clip(piece * (LOUDNESS / np.sqrt(np.mean(piece**2))), -1, 1)
        pieces.append(piece.astype(np.float32))
        begin, at = at, at + piece.size
        turns.append(
            Said(start_ms=begin * 1000 / SAMPLE_RATE, end_ms=at * 1000 / SAMPLE_RATE, what=who)
        )
    return np.concatenate(pieces), tuple(turns)


def wav(audio: Waveform) -> bytes:
    """Return a WAV file of 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(np.rint(audio * SAMPLE_MAX).astype("<i2").tobytes())
    return file.getvalue()


def _exactly(recording: Recording) -> SpeechOptions:
    count = len({turn.what for turn in recording.turns})
    return SpeechOptions(speakers=SpeakerBounds(least=count, most=count))


def _wrong(
    name: str,
    heard: Sequence[tuple[Sequence[SpokenWord], Sequence[Said]]],
    *,
    wanted: bool = True,
) -> Figure:
    """Count words inside of exactly one turn; labels are named as fits best, file by file."""
    right = all_words = 0.0
    for words, turns in heard:
        pairs = [
            (word.speaker or "", whose[0])
            for word in words
            if len(whose := _whose(turns, (word.start + word.end) / 2)) == 1
        ]
        if pairs:
            right += share_right(pairs) * len(pairs)
            all_words += len(pairs)
    return Figure(
        name=f"wrong speaker, {name}",
        value=100 * (1 - right / all_words) if all_words else 0.0,
        unit="%",
        wanted=at_most(WRONG_PERCENT_MAX) if wanted else None,
        detail={"words": all_words},
    )


def _whose(turns: Sequence[Said], moment_ms: float) -> list[str]:
    return sorted({turn.what for turn in turns if turn.start_ms <= moment_ms <= turn.end_ms})
