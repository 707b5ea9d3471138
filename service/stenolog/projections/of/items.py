"""Project views that are lists: findings in chunks, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.projections.canonical import Item
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
from stenolog.projections.shaped.views import shaped

COMPLETED = frozenset({TranscriptionCompleted.type, TranscriptionCompletedLate.type})
OUTCOMES = COMPLETED | {TranscriptionFailed.type}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsProjection:
    """A view of `shaped.views`, by its name."""

    name: str
    version: int
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
            case _:
                assert source.conversation is not None, "a completed transcript is shaped"
                view = shaped(self.name, source.conversation)
                return PutView(
                    projection=self.name,
                    transcription=source.transcription,
                    reason=view.reason,
                    chunks=in_chunks(view.items),
                    around=encode(view.around) if view.around else None,
                )

    def fallback(self, source: ProjectionInput) -> TranscriptRow | None:
        """Return None: a list has nothing to show instead."""
        return None

    def _without_items(self, source: ProjectionInput, reason: Reason) -> PutView:
        return PutView(projection=self.name, transcription=source.transcription, reason=reason)


def in_chunks(items: Sequence[Item]) -> tuple[Chunk, ...]:
    """Return the items as the store holds them, in the order given."""
    chunks: list[Chunk] = []
    lines: list[bytes] = []
    size, first = 0, 1
    for ordinal, item in enumerate(items, start=1):
        line = encode(item)
        lines.append(line)
        size += len(line)
        if len(lines) == ITEMS_PER_CHUNK_MAX or size >= CHUNK_BYTES or ordinal == len(items):
            chunks.append(Chunk(first=first, count=len(lines), bodies=b"\n".join(lines)))
            lines, size, first = [], 0, ordinal + 1
    return tuple(chunks)
