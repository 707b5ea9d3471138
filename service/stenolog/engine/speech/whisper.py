"""Recognise English words with a Whisper model in CTranslate2's form, from a directory.

Written for faster-whisper 1.2; no package carries such a model, and no test of ours has run one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from stenolog.engine.options import Keyterms
from stenolog.engine.techniques import SAMPLE_RATE, RecognisedWord, Waveform

SPEECH_SAMPLES_MIN = SAMPLE_RATE // 2  # of less it makes up text


class Piece(Protocol):
    """A word as the library tells it; without a space in front it continues the one before."""

    word: str
    probability: float


class Whisper:
    """A `Recogniser`; one call at a time."""

    def __init__(self, directory: Path, model: str, *, threads: int) -> None:
        """Load the model, with `threads` of CPU; nothing is fetched.

        Raises:
            ImportError: The extra `whisper` is not installed.
        """
        from faster_whisper import WhisperModel  # noqa: PLC0415  # not installed everywhere

        self.model = model
        self._model = WhisperModel(
            str(directory),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            local_files_only=True,
        )

    def words(self, audio: Waveform, keyterms: Keyterms | None) -> tuple[RecognisedWord, ...]:
        """Confidence is the library's probability of a word, the least of its pieces.

        Terms are said to it in a glossary, however strong.
        """
        if audio.size < SPEECH_SAMPLES_MIN:
            return ()
        segments, _ = self._model.transcribe(
            audio,
            language="en",
            initial_prompt=None if keyterms is None else f"Glossary: {', '.join(keyterms.terms)}.",
            beam_size=1,
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=False,  # the lines were found by ours
        )
        return joined(piece for segment in segments for piece in segment.words or ())


def joined(pieces: Iterable[Piece]) -> tuple[RecognisedWord, ...]:
    """Return whole words of the library's pieces."""
    found: list[tuple[str, float]] = []
    for piece in pieces:
        text = piece.word.strip()
        if not text:
            continue
        if found and not piece.word[0].isspace():
            before, least = found[-1]
            found[-1] = (before + text, min(least, piece.probability))
        else:
            found.append((text, piece.probability))
    return tuple(RecognisedWord(text=text, confidence=least) for text, least in found)
