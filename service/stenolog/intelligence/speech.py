"""Hold what was said as analyses read it: words, and the sentences that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stenolog.intelligence.sentences import sentences
from stenolog.intelligence.words import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A whole conversation.

    Attributes:
        words: In the order of the transcript; `index` of each is its place here.
        sentences: Each word in exactly one of them; in order of time within a channel.
    """

    words: tuple[Word, ...]
    sentences: tuple[tuple[Word, ...], ...]

    @classmethod
    def of(cls, words: Sequence[Word]) -> Speech:
        """Return the words with their sentences."""
        placed = tuple(replace(word, index=place) for place, word in enumerate(words))
        return cls(words=placed, sentences=tuple(sentences(placed)))

    def rewritten(self, texts: Sequence[str]) -> Speech:
        """Return the same speech with another text for each word, in the same sentences.

        A text that would be empty stays as it was: a word is never lost.
        """
        words = tuple(
            replace(word, text=text or word.text)
            for word, text in zip(self.words, texts, strict=True)
        )
        return Speech(
            words=words,
            sentences=tuple(
                tuple(words[word.index] for word in sentence) for sentence in self.sentences
            ),
        )


def speaker_of(words: Sequence[Word]) -> str | None:
    """Return who says most of these words, the first of several; None where nobody is told."""
    said: dict[str, int] = {}
    for word in words:
        if word.speaker is not None:
            said[word.speaker] = said.get(word.speaker, 0) + 1
    return max(said, key=said.__getitem__, default=None)
