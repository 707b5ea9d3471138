"""Look up by time who speaks, in which utterance something is, and what words are said.

Every question is answered in bounded work, whatever a provider answers: 10,000 findings that each
last as long as the audio are no trap.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from stenolog.intelligence.words import Word

SPEAKERS_MAX = 64  # who is looked for when it is asked who speaks; the first that are heard
OVERLAPPING_MAX = 64  # utterances that are compared, where many lie over each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An utterance as others look it up; times in ms, `at` is its index in the view."""

    at: int
    start: int
    end: int
    speaker: str | None
    channel: str | None


class Turns:
    """The utterances of a transcript, by time."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        """Take them ordered by start."""
        self._turns = turns
        self._starts = [turn.start for turn in turns]
        self._ends = list(accumulate((turn.end for turn in turns), max))

    def __len__(self) -> int:
        return len(self._turns)

    def around(
        self, start: int | None, end: int | None, voice: tuple[str | None, str | None]
    ) -> Turn | None:
        """Return the utterance that has most of this time, one of this channel and speaker first.

        None where none has any of it.
        """
        if start is None or end is None:
            return None
        last = bisect_right(self._starts, max(start, end - 1))
        first = max(bisect_right(self._ends, start), last - OVERLAPPING_MAX)
        if last - first <= 1:
            return self._turns[first] if last > first else None
        best, most = None, (-1, -1)
        for turn in self._turns[first:last]:
            shared = min(end, turn.end) - max(start, turn.start)
            same = (turn.channel == voice[0]) + (turn.speaker == voice[1])
            if turn.end > start and (same, shared) > most:
                best, most = turn, (same, shared)
        return best

    def first_in(self, start: int | None, end: int | None) -> Turn | None:
        """Return the first utterance that has some of this time: of a chapter, where it begins."""
        if start is None or end is None:
            return None
        for turn in self._turns[bisect_right(self._ends, start) :][:OVERLAPPING_MAX]:
            if turn.end > start:
                return turn if turn.start < max(end, start + 1) else None
        return None


@dataclass(slots=True)
class _Voice:
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    spoken: list[int] = field(default_factory=lambda: [0])  # ms before each of them


class Speakers:
    """Who speaks when, told from words."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._voices: dict[str, _Voice] = {}
        for word in sorted(words, key=_start):
            if word.speaker is None:
                continue
            voice = self._voices.get(word.speaker)
            if voice is None:
                if len(self._voices) == SPEAKERS_MAX:
                    continue
                voice = self._voices[word.speaker] = _Voice()
            voice.starts.append(word.start)
            voice.ends.append(max(word.end, voice.ends[-1] if voice.ends else 0))
            voice.spoken.append(voice.spoken[-1] + max(1, word.end - word.start))

    def most_in(self, start: int | None, end: int | None) -> str | None:
        """Return who speaks most in this time, the first of several; None where nobody does."""
        if start is None or end is None:
            return None
        best, most = None, 0
        for name, voice in self._voices.items():
            first = bisect_right(voice.ends, start)
            last = bisect_left(voice.starts, max(end, start + 1))
            if last <= first:
                continue
            spoken = voice.spoken[last] - voice.spoken[first]
            spoken -= max(0, start - voice.starts[first]) + max(0, voice.ends[last - 1] - end)
            if max(1, spoken) > most:
                best, most = name, max(1, spoken)
        return best


class WordsByTime:
    """The words of a transcript, by the middle of each."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = sorted(words, key=_middle)
        self._middles = [_middle(word) for word in self._words]

    def __len__(self) -> int:
        return len(self._words)

    def has_some(self, start: int | None, end: int | None) -> bool:
        """Tell whether there are words `within` this time."""
        if start is None or end is None:
            return False
        first = bisect_left(self._middles, 2 * start)
        return first < len(self._middles) and self._middles[first] <= 2 * end

    def within(self, start: int | None, end: int | None) -> Sequence[Word]:
        """Return the words of which at least half is in this time."""
        if start is None or end is None:
            return ()
        first = bisect_left(self._middles, 2 * start)
        return self._words[first : bisect_right(self._middles, 2 * end)]


def _start(word: Word) -> int:
    return word.start


def _middle(word: Word) -> int:
    return word.start + word.end
