"""Complete the words of a transcript: each gets text and times, and they are put in order."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

TIME_MS_MAX = 2**48  # thousands of years: whatever is beyond is no time
RESYNC_CHARACTERS_MAX = 200  # how far ahead a word is looked for when the text differs


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One recognised word.

    Attributes:
        text: Without white space at its ends or runs of it inside; never empty.
        start: In ms; filled from its neighbours where the provider gave none.
        end: In ms, never before `start`.
        index: Its place in the transcript's own `words`, from 0.
        joined: It follows the one before it without a space, as in Japanese.
    """

    text: str
    start: int
    end: int
    confidence: float
    speaker: str | None
    channel: str | None
    index: int
    joined: bool

    @property
    def voice(self) -> tuple[str | None, str | None]:
        """Who is heard: a change of it is a turn."""
        return self.channel, self.speaker


def read_words(words: Sequence[Mapping[str, Any]], text: str) -> tuple[Word, ...]:
    """Read the words that have text; none when no word has a time to place them by.

    A missing start is the end of the word before, a missing end the start of the word after.
    """
    if not any(_time(word.get(name)) is not None for word in words for name in ("start", "end")):
        return ()
    found: list[Word] = []
    spaces = _spaces(words, text)
    for index, ((start, end), joined) in enumerate(zip(_times(words), spaces, strict=True)):
        raw = words[index]
        spoken = _text(raw)
        if not spoken:
            continue
        found.append(
            Word(
                text=spoken,
                start=start,
                end=end,
                confidence=_share(raw.get("confidence")),
                speaker=_name(raw.get("speaker")),
                channel=_name(raw.get("channel")),
                index=index,
                joined=joined,
            )
        )
    return tuple(found)


def by_channel(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield the words of each channel: people on two channels speak at the same time."""
    for _, group in groupby(sorted(words, key=_channel), key=_channel):
        yield list(group)


def merged(channels: Sequence[list[tuple[Word, ...]]]) -> list[tuple[Word, ...]]:
    """Return the pieces of all channels by start; those of one channel stay in their order."""
    return list(heapq.merge(*channels, key=lambda piece: piece[0].start))


def joined_text(words: Sequence[Word]) -> str:
    """Return what is said in these words, with spaces where the transcript has them."""
    pieces: list[str] = []
    for word in words:
        if pieces and not word.joined:
            pieces.append(" ")
        pieces.append(word.text)
    return "".join(pieces)


def mean_confidence(words: Sequence[Word]) -> float:
    """Return the mean of the words' confidences; 0 for no words."""
    return sum(map(attrgetter("confidence"), words)) / len(words) if words else 0.0


def _channel(word: Word) -> str:
    return word.channel or ""


def _text(raw: Mapping[str, Any]) -> str:
    text = raw.get("text")
    parts = text.split() if isinstance(text, str) else ()
    return parts[0] if len(parts) == 1 else " ".join(parts)


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value <= 1 else 0.0


def _name(value: object) -> str | None:
    return None if value is None else str(value)


def _times(words: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Start and end of every word, the missing ones from its neighbours."""
    given = [(_time(word.get("start")), _time(word.get("end"))) for word in words]
    later: list[int | None] = []  # the first time that is known behind each word, from the last
    ahead: int | None = None
    for start, end in reversed(given):
        later.append(ahead)
        ahead = next((time for time in (start, end) if time is not None), ahead)
    before = 0
    for (told_start, told_end), after in zip(given, reversed(later), strict=True):
        start, end = told_start, told_end
        if start is None:
            start = before if end is None else min(before, end)
        if end is None:
            end = start if after is None else after
        before = max(start, end)
        yield start, before


def _time(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < TIME_MS_MAX else None


def _spaces(words: Sequence[Mapping[str, Any]], text: str) -> Iterator[bool]:
    """Tell whether each word follows the one before it without a space, as the text shows."""
    at = 0
    for raw in words:
        spoken = raw.get("text")
        if not isinstance(spoken, str) or not spoken.strip():
            yield False
            continue
        found = text.find(spoken.strip(), at, at + len(spoken) + RESYNC_CHARACTERS_MAX)
        yield found == at and at > 0
        at = at if found < 0 else found + len(spoken.strip())
