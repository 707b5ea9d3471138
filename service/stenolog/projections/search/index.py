"""Declare what the indexer and the readers ask of the search index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from stenolog.errors import StoreError, StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.search.entry import Change, FindingKind
from stenolog.projections.search.query import Term
from stenolog.projections.search.snippets import Snippet

SEARCH = "search"  # its name among the projections
SEARCH_VERSION = 2  # raised whenever the same events give other rows
QUERY_MS_MAX = 2_000


class SearchNotReady(StoreUnavailable, code="search-not-ready"):
    """The index is being filled from the log; nothing is answered from half of it."""


class SearchTooLong(StoreError, code="search-too-long"):
    """A query was interrupted at its limit of time."""

    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """How far the index has followed the log.

    Attributes:
        filled_until: It answers once it is there; None: nobody has said yet what is to be filled.
        failures: Transcriptions that could not be indexed.
    """

    checkpoint: Checkpoint
    filled_until: int | None
    failures: int

    @property
    def ready(self) -> bool:
        """Whether everything is in it that it was to be filled with."""
        return self.filled_until is not None and self.checkpoint.position >= self.filled_until


class SearchWriter(Protocol):
    """Writes the index, for one caller at a time: the indexer.

    `erase` alone may be called at any time; calls are executed in the order in which they come.
    Every method raises `StoreUnavailable` when it is not certain that all was written: read `state`
    again before going on.
    """

    async def state(self) -> IndexState:
        """Read the checkpoint; an index that turned out to be damaged is made anew here."""
        ...

    async def begin(self, *, until: int) -> None:
        """Empty the index; it is to be filled with the log up to the position `until`."""
        ...

    async def failed(self, limit: int) -> Sequence[int]:
        """Return at which positions events stand that could not be indexed, at most `limit`."""
        ...

    async def advance(self, changes: Sequence[Change], *, to: Checkpoint) -> None:
        """Make the changes, in order, and move the checkpoint, in one transaction."""
        ...

    async def erase(self, transcription: str) -> None:
        """Leave nothing of the transcription in any page of any file of the index.

        Repeating it changes nothing.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which transcriptions are looked at: those of a tenant, and of these all that match.

    Attributes:
        metadata: Those that have all of these members, as `members.members_of` returns them.
        known_until: The last position at which a result may stand that is found.
        created_from: The first and the last moment at which they were asked for: RFC 3339, six
            digits, Z.
    """

    tenant: str
    subject: str | None = None
    metadata: tuple[str, ...] = ()
    created_from: str | None = None
    created_to: str | None = None
    known_until: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in what a search finds. Matches are ranked a thousand at a time, newest first.

    Attributes:
        top: The newest passage among those that are ranked together.
        bottom: The oldest of them; 0: not known yet.
        rank: Of the hit behind which to go on, in ten-thousandths.
        passage: The number of its passage.
    """

    top: int
    bottom: int
    rank: int
    passage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Passages that have all the terms; at most `limit`, behind `after`."""

    terms: tuple[Term, ...]
    among: Narrowed
    speaker: str | None = None
    limit: int
    after: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found.

    Attributes:
        start_ms: None where the provider gave no time.
        snippet: A piece of the passage, around what was found in it.
        rank: From 0 to 1: the more often the passage has its terms, the greater.
    """

    transcription: str
    start_ms: int | None
    end_ms: int | None
    speaker: str | None
    snippet: Snippet
    rank: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HitsPage:
    """Some hits, the best first among those that are ranked together; None: there are no more."""

    hits: tuple[Hit, ...]
    next: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Findings of one kind across transcripts.

    Attributes:
        label, text, speaker: Only those with it; None: any. A text is compared as words are.
        after: Behind the count and the key of the last one of the page before; of a drill-down,
            behind its position alone.
    """

    kind: FindingKind
    among: Narrowed
    label: str | None = None
    text: str | None = None
    speaker: str | None = None
    limit: int
    after: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One finding across transcripts, or all findings of one transcript.

    Attributes:
        count: How often in all.
        transcripts: In how many.
        weight: The mean of a topic's relevance, the greatest of a passage's severity.
        key: Tells findings of the same count apart, in the order of the list.
    """

    label: str
    text: str
    count: int
    transcripts: int
    weight: float
    key: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptCount:
    """How many findings a transcription has; `position` is the place behind it in the list."""

    transcription: str
    count: int
    position: int


Grouping = Literal["transcript"]


class SearchReader(Protocol):
    """Reads the index. Every tenant sees its own alone.

    Every method raises `SearchNotReady` while the index is being filled, `SearchTooLong` when it
    takes more than `QUERY_MS_MAX`, and `StoreUnavailable` when the index cannot be read.
    """

    async def search(self, asked: Search) -> HitsPage:
        """Return what is found."""
        ...

    async def count(self, asked: Counting) -> tuple[Sequence[Count], bool]:
        """Return findings, the most frequent first, and whether there are more."""
        ...

    async def count_by_transcript(self, asked: Counting) -> tuple[Sequence[TranscriptCount], bool]:
        """Return transcriptions with such findings, newest first, and if there are more."""
        ...
