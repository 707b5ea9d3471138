"""Views that are lists: what was picked from the provider's answer, in chunks, or why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.projections.documents import ProjectionFailed, encode, text_or_none
from stenolog.projections.projection import Erased, Fact, Unreadable
from stenolog.projections.rows import (
    CHUNK_BYTES,
    ITEMS_PER_CHUNK_MAX,
    Chunk,
    PutView,
    Reason,
    StatusRow,
    TranscriptRow,
)

Answer = Mapping[str, Any]  # the provider's, with the last value of a repeated name
Item = Mapping[str, Any]

COMPLETED = frozenset({TranscriptionCompleted.type, TranscriptionCompletedLate.type})
OUTCOMES = COMPLETED | {TranscriptionFailed.type}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What one feature brought.

    Attributes:
        items: None when the provider gave no list at all.
        beside: What it says about all items together.
    """

    items: Sequence[Item] | None
    beside: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsProjection:
    """A view that lists one feature of a transcript, ordered by start.

    Attributes:
        features: Request parameters any of which asks for it; empty when it is always asked for.
        pick: Takes it out of the provider's answer.
    """

    name: str
    version: int
    features: tuple[str, ...]
    pick: Callable[[Answer], Picked]
    types: frozenset[str] | None = OUTCOMES
    opens: frozenset[str] = COMPLETED

    def project(self, fact: Fact, current: StatusRow | None) -> PutView:
        """The view of a transcription that has come to its end.

        Raises:
            ProjectionFailed: The answer is unreadable, or not a list of objects where one belongs.
        """
        match fact.content:
            case _ if isinstance(fact.data, TranscriptionFailed):
                return self._without_items(fact, "error")
            case Erased():
                return self._without_items(fact, "erased")
            case Unreadable(reason=reason):
                raise ProjectionFailed(reason)
            case None:
                raise ProjectionFailed("the payload is missing")
            case document:
                return self._view(fact, document)

    def fallback(self, fact: Fact) -> TranscriptRow | None:
        """Nothing."""
        return None

    def _view(self, fact: Fact, document: Answer) -> PutView:
        picked = self.pick(document)
        if not picked.items:
            if not self._requested(fact.params, document):
                return self._without_items(fact, "not_requested")
            if picked.items is None:
                return self._without_items(fact, "unavailable")
        return PutView(
            projection=self.name,
            transcription=fact.transcription,
            reason=None,
            chunks=in_chunks(by_start(picked.items or ())),
            beside=encode(picked.beside) if picked.beside else None,
        )

    def _requested(self, params: Mapping[str, Any], document: Answer) -> bool:
        if not self.features:
            return True
        return any(params.get(one) is True or document.get(one) is True for one in self.features)

    def _without_items(self, fact: Fact, reason: Reason) -> PutView:
        return PutView(projection=self.name, transcription=fact.transcription, reason=reason)


def list_of_objects(value: object, name: str) -> Sequence[Item] | None:
    """`value` as a list of JSON objects; None stays None.

    Raises:
        ProjectionFailed: It is something else.
    """
    if value is None:
        return None
    if not isinstance(value, list):
        raise ProjectionFailed(f"{name} is a JSON {type(value).__name__}, not a list")
    for item in value:
        if not isinstance(item, dict):
            raise ProjectionFailed(f"{name} holds a JSON {type(item).__name__}, not an object")
    return value


def milliseconds_or_none(value: object) -> int | None:
    """`value` as whole milliseconds when it is a number; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)


def start_of(item: Item) -> object:
    """Where an item starts: its own `start`, or its `timestamp`'s."""
    if "start" in item:
        return item["start"]
    timestamp = item.get("timestamp")
    return timestamp.get("start") if isinstance(timestamp, dict) else None


def by_start(items: Sequence[Item]) -> Sequence[Item]:
    """The items ordered by start; one without a time stays behind the one before it."""
    starts: list[int] = []
    ordered, last = True, -1
    for item in items:
        start = milliseconds_or_none(start_of(item))
        if start is None:
            start = last
        ordered = ordered and start >= last
        starts.append(start)
        last = start
    if ordered:
        return items
    return [items[at] for at in sorted(range(len(items)), key=starts.__getitem__)]


def in_chunks(items: Sequence[Item]) -> tuple[Chunk, ...]:
    """The items as the store holds them, in the order given."""
    chunks: list[Chunk] = []
    lines: list[bytes] = []
    speakers: list[str | None] = []
    size, first = 0, 1
    for ordinal, item in enumerate(items, start=1):
        line = encode(item)
        lines.append(line)
        speakers.append(text_or_none(item.get("speaker")))
        size += len(line)
        if len(lines) == ITEMS_PER_CHUNK_MAX or size >= CHUNK_BYTES or ordinal == len(items):
            chunks.append(_chunk(first, lines, speakers))
            lines, speakers, size, first = [], [], 0, ordinal + 1
    return tuple(chunks)


def _chunk(first: int, lines: list[bytes], speakers: list[str | None]) -> Chunk:
    spoken = any(speaker is not None for speaker in speakers)
    return Chunk(
        first=first,
        count=len(lines),
        speakers=tuple(speakers) if spoken else None,
        bodies=b"\n".join(lines),
    )
