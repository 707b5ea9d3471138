"""Make words that a caller expects likelier while a recogniser writes, token by token.

A token that goes on with a term is raised, and where the recogniser is not sure, one that begins
it: raised everywhere, terms would be written where nobody said them. A term is compared letter by
letter, so that it does not matter in which tokens the recogniser writes it.

Measured on twelve recordings with the words that were missed in them: wrong words 8.3 to 7.9 %, a
fifth of these words found; with thirty words that nobody says, 8.3 to 8.4 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.options import Keyterms

WORD_START = "▁"  # SentencePiece's mark of a space
BEGIN_NATS, GO_ON_NATS = 2.0, 3.0
SURE = 0.7  # the probability of the likeliest token from which on no other begins a term
BEGIN_LETTERS_MIN = 2  # of a token that begins a term, unless it is a whole one


class RaisedTokens:
    """Raises the tokens of one vocabulary for some terms, a line at a time."""

    def __init__(self, tokens: Sequence[str], keyterms: Keyterms) -> None:
        """Take the vocabulary in order of its numbers; a token that has no text is empty."""
        self._tokens = tokens
        self._strength = keyterms.strength
        self._numbers = {token: number for number, token in enumerate(tokens) if token}
        self._longest = max(map(len, self._numbers), default=0)
        self._spellings = tuple(dict.fromkeys(_spellings(keyterms.terms)))
        begins = {
            number
            for spelling in self._spellings
            for number in self._going_on(spelling)
            if len(tokens[number]) > BEGIN_LETTERS_MIN or tokens[number] == spelling
        }
        self._begins = np.array(sorted(begins), dtype=np.int64)
        self._rests: set[str] = set()  # of the terms that are begun, what is still to be written

    def begin(self) -> None:
        """Begin another line."""
        self._rests = set()

    def raised(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits of the next token as they are to be compared."""
        found = logits.copy()
        if 1.0 / float(np.exp(logits - logits.max()).sum()) < SURE:
            found[self._begins] += BEGIN_NATS * self._strength
        going_on = {number for rest in self._rests for number in self._going_on(rest)}
        found[np.array(sorted(going_on), dtype=np.int64)] += GO_ON_NATS * self._strength
        return found

    def written(self, number: int) -> None:
        """Note the token that was chosen."""
        token = self._tokens[number]
        self._rests = {
            rest[len(token) :]
            for rest in (*self._rests, *self._spellings)
            if token and rest.startswith(token)
        } - {""}

    def _going_on(self, rest: str) -> Iterator[int]:
        """Yield the tokens with which this may be written next."""
        for length in range(1, min(len(rest), self._longest) + 1):
            number = self._numbers.get(rest[:length])
            if number is not None:
                yield number


def _spellings(terms: Sequence[str]) -> Iterator[str]:
    """Yield each term as a recogniser may write it: as given, small, and as a sentence begins."""
    for term in terms:
        words = WORD_START.join(term.split())
        if words:
            for written in (words, words.lower(), words[0].upper() + words[1:]):
                yield WORD_START + written
