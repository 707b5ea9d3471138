"""Project views that are lists: findings in chunks, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.projections.canonical import (
    CanonicalTranscript,
    Findings,
    Item,
    speaker_of,
    start_ms_of,
)
from stenolog.projections.documents import ProjectionFailed, encode
from stenolog.projections.projection import Erased, Lost, ProjectionInput, Unreadable
from stenolog.projections.rows import (
    CHUNK_BYTES,
    ITEMS_PER_CHUNK_MAX,
    Chunk,
    PutView,
    Reason,
    StatusRow,
    TranscriptRow,
)

COMPLETED = frozenset({TranscriptionCompleted.type, TranscriptionCompletedLate.type})
OUTCOMES = COMPLETED | {TranscriptionFailed.type}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsProjection:
    """A view that lists one feature of a transcript, ordered by start.

    Attributes:
        features: Request parameters any of which asks for it; empty when it is always asked for.
        pick: Takes it out of the transcript; a function of a module, so that it can be pickled.
    """

    name: str
    version: int
    features: tuple[str, ...]
    pick: Callable[[CanonicalTranscript], Findings]
    types: frozenset[str] | None = OUTCOMES
    opens: frozenset[str] = COMPLETED

    def project(self, source: ProjectionInput, current: StatusRow | None) -> PutView:
        """Return the view of a transcription that has come to its end.

        Raises:
            ProjectionFailed: The answer is unreadable, or not a list of objects where one belongs.
        """
        match source.content:
            case _ if isinstance(source.data, TranscriptionFailed):
                return self._without_items(source, "error")
            case Erased():
                return self._without_items(source, "erased")
            case Lost():  # readers are told so: see `StatusRow.locked`
                return self._without_items(source, "failed")
            case Unreadable(reason=reason):
                raise ProjectionFailed(reason)
            case None:
                raise ProjectionFailed("the payload is missing")
            case document:
                return self._view(source, CanonicalTranscript(document))

    def fallback(self, source: ProjectionInput) -> TranscriptRow | None:
        """Return None: a list has nothing to show instead."""
        return None

    def _view(self, source: ProjectionInput, transcript: CanonicalTranscript) -> PutView:
        found = self.pick(transcript)
        if not found.items:
            if not self._requested(source.params, transcript):
                return self._without_items(source, "not_requested")
            if found.items is None:
                return self._without_items(source, "unavailable")
        return PutView(
            projection=self.name,
            transcription=source.transcription,
            reason=None,
            chunks=in_chunks(by_start(found.items or ())),
            beside=encode(found.beside) if found.beside else None,
        )

    def _requested(self, params: Mapping[str, Any], transcript: CanonicalTranscript) -> bool:
        if not self.features:
            return True
        return any(
            params.get(one) is True or transcript.says_requested(one) for one in self.features
        )

    def _without_items(self, source: ProjectionInput, reason: Reason) -> PutView:
        return PutView(projection=self.name, transcription=source.transcription, reason=reason)


def by_start(items: Sequence[Item]) -> Sequence[Item]:
    """Return the items ordered by start; an item without a time stays after its neighbour."""
    starts: list[int] = []
    ordered, last = True, -1
    for item in items:
        start = start_ms_of(item)
        if start is None:
            start = last
        ordered = ordered and start >= last
        starts.append(start)
        last = start
    if ordered:
        return items
    return [items[at] for at in sorted(range(len(items)), key=starts.__getitem__)]


def in_chunks(items: Sequence[Item]) -> tuple[Chunk, ...]:
    """Return the items as the store holds them, in the order given."""
    chunks: list[Chunk] = []
    lines: list[bytes] = []
    speakers: list[str | None] = []
    size, first = 0, 1
    for ordinal, item in enumerate(items, start=1):
        line = encode(item)
        lines.append(line)
        speakers.append(speaker_of(item))
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
