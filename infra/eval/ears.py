"""Transcribe recordings as a worker of the engine does, in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stenolog.engine.options import SpeakerBounds, SpeechOptions
from stenolog.engine.worker.hear import Techniques
from stenolog.engine.worker.transcribe import Transcribed, load_techniques, transcribe

AUDIO_MS_MAX = 3_600_000
ANY_NUMBER = SpeakerBounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """The models, loaded, and what was heard already."""

    techniques: Techniques
    heard: dict[tuple[Path, SpeechOptions], Transcribed]

    @classmethod
    def open(cls, threads: int) -> Ears:
        """Load the models, about a second.

        Raises:
            OSError: A model is missing.
        """
        return cls(techniques=load_techniques(threads=threads), heard={})

    def hear(self, path: Path, options: SpeechOptions) -> Transcribed:
        """Return what is said in a file; the same question is asked once.

        Raises:
            AudioRefused: Nothing can be transcribed from it.
        """
        if (path, options) not in self.heard:
            with path.open("rb") as file:
                self.heard[path, options] = self.hear_file(file, options)
        return self.heard[path, options]

    def hear_file(self, file: BinaryIO, options: SpeechOptions) -> Transcribed:
        """Return what is said in an open file."""
        return transcribe(
            file,
            options,
            self.techniques,
            audio_ms_max=AUDIO_MS_MAX,
            decoded=lambda audio_ms, facts: None,
            alive=lambda: None,
        )
