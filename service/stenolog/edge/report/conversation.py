"""Declare what the page shows of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one speaker said without a break; times in ms."""

    start: int
    end: int
    speaker: str | None
    text: str
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A stretch of the conversation about one thing."""

    start: int
    end: int
    gist: str
    headline: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Something found in the audio: `kind` is a sentiment, a type of entity, or a label.

    Attributes:
        confidence: From 0 to 1, as is `severity`; None: not known.
    """

    start: int
    end: int
    text: str
    kind: str
    confidence: float | None = None
    severity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A key phrase, how often it was said, and where first."""

    text: str
    count: int
    start: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Everything that was said and found, in order of time.

    Attributes:
        topics: Label and relevance from 0 to 1, the most relevant first.
        reasons: Why a view is empty, by its name; views that are not are missing.
        by_us: The views whose findings are not the provider's, but made here.
    """

    turns: tuple[Turn, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    sentiment: tuple[Passage, ...] = ()
    entities: tuple[Passage, ...] = ()
    flags: tuple[Passage, ...] = ()
    topics: tuple[tuple[str, float], ...] = ()
    highlights: tuple[Phrase, ...] = ()
    summary: str = ""
    reasons: Mapping[str, str]
    by_us: tuple[str, ...] = ()

    @property
    def end_ms(self) -> int:
        """The end of the last thing in it."""
        ends = (
            *(one.end for one in self.turns),
            *(one.end for one in self.chapters),
            *(one.end for one in (*self.sentiment, *self.entities, *self.flags)),
        )
        return max(ends, default=0)
