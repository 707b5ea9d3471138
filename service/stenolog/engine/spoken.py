"""Hold what was said: words, utterances and text, as a transcript shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.engine.confidence import mean_confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A finished word: times in ms, `speaker` a letter or None without speaker labels."""

    text: str
    start: int
    end: int
    confidence: float
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Consecutive words of one speaker."""

    speaker: str
    words: tuple[SpokenWord, ...]

    @property
    def text(self) -> str:
        """Its words with spaces between."""
        return joined(self.words)

    @property
    def confidence(self) -> float:
        """The mean over its words."""
        return mean_confidence([word.confidence for word in self.words])


def joined(words: Sequence[SpokenWord]) -> str:
    """Return the words as running text."""
    return " ".join(word.text for word in words)


def utterances(words: Sequence[SpokenWord]) -> tuple[Utterance, ...]:
    """Runs of words with the same speaker, in order; every word must have one."""
    found: list[Utterance] = []
    run: list[SpokenWord] = []
    for word in words:
        if run and run[-1].speaker != word.speaker:
            found.append(_utterance(run))
            run = []
        run.append(word)
    if run:
        found.append(_utterance(run))
    return tuple(found)


def _utterance(run: Sequence[SpokenWord]) -> Utterance:
    speaker = run[0].speaker
    assert speaker is not None
    return Utterance(speaker=speaker, words=tuple(run))
