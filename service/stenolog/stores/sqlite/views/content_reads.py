"""Read and open what `views.db` holds of one transcription; each answer is of one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from io import BytesIO
from typing import Any, ParamSpec, TypeVar

import aiosqlite

from stenolog.errors import KeyMissing
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.projections.rows import TranscriptHead
from stenolog.projections.views import TRANSCRIPT_VIEW, TRANSCRIPTIONS_VIEW, Room, no_wait
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.views.boxes import Boxes, Fields, StreamKeys
from stenolog.stores.sqlite.views.content import (
    BODY_PART_BYTES,
    head_place,
    inline_body,
    part_place,
    request_place,
    transcript_of,
)

# Opening more takes a thread: 64 KiB of a box are up to half a MiB of text, a millisecond.
INLINE_BYTES_MAX = 64 << 10

LIVE = "(SELECT generation FROM generations WHERE projection = ? AND state = 'live')"
"""The live generation of a projection, whose name is the statement's next value."""

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class ContentReads:
    """Keeps the promises of `ViewReader` about content, over one reading connection."""

    def __init__(self, reader: aiosqlite.Connection, keys: StreamKeys) -> None:
        self._reader = reader
        self._keys = keys

    async def request(self, transcription: str) -> bytes | None:
        """Reads by primary key."""
        rows = await self.rows(
            f"SELECT generation, box FROM requests WHERE generation = {LIVE} AND id = ?",  # noqa: S608  ours
            TRANSCRIPTIONS_VIEW,
            transcription,
        )
        if not rows:
            return None
        generation, box = rows[0]
        boxes = await self.boxes_of([transcription])
        place = request_place(generation, transcription)
        opened = await opened_or_none(len(box), boxes.open, place, box)
        return None if opened is None else opened[0]

    async def transcript(self, transcription: str) -> TranscriptHead | None:
        """Opens the view alone; the parts of its body stay closed."""
        found = await self._transcript_box(transcription)
        if found is None:
            return None
        generation, box, _ = found
        fields = await self._opened(transcription, generation, box)
        return None if fields is None else transcript_of(fields)

    async def customer_body(self, transcription: str, room: Room = no_wait) -> bytes | None:
        """Opens the parts alone where there are any; the bytes were made by the projection."""
        found = await self._transcript_box(transcription)
        if found is None:
            return None
        generation, box, parts = found
        if parts:
            del found, box  # whoever waits for room holds nothing
            await room(parts * BODY_PART_BYTES)
            return await self._long_body(transcription)
        fields = await self._opened(transcription, generation, box)
        return None if fields is None else inline_body(fields)

    async def _opened(self, transcription: str, generation: int, box: bytes) -> Fields | None:
        boxes = await self.boxes_of([transcription])
        place = head_place(generation, transcription)
        return await opened_or_none(len(box), boxes.open, place, box)

    async def _transcript_box(self, transcription: str) -> Any | None:
        """Return generation, box and number of parts of the view, or None."""
        rows = await self.rows(
            "SELECT generation, box, (SELECT count(*) FROM parts WHERE parts.generation = "  # noqa: S608  ours
            "views.generation AND parts.id = views.id) FROM views "
            f"WHERE generation = {LIVE} AND id = ? AND box IS NOT NULL",
            *(TRANSCRIPT_VIEW, transcription),
        )
        return rows[0] if rows else None

    async def _long_body(self, transcription: str) -> bytes | None:
        rows = await self.rows(
            "SELECT generation, first, box FROM parts "  # noqa: S608  ours
            f"WHERE generation = {LIVE} AND id = ? ORDER BY first",
            *(TRANSCRIPT_VIEW, transcription),
        )
        size = sum(len(box) for _, _, box in rows)
        boxes = await self.boxes_of([transcription])
        return await opened_or_none(size, _joined, boxes, transcription, rows) if rows else None

    async def boxes_of(self, transcriptions: Collection[str]) -> Boxes:
        """Return what opens the boxes of these, as far as their keys are there.

        Raises:
            StoreUnavailable: The keys cannot be read now.
        """
        if not transcriptions:
            return Boxes({})
        found = await self._keys.known_keys([TRANSCRIPTION + one for one in transcriptions])
        return Boxes({stream.removeprefix(TRANSCRIPTION): key for stream, key in found.items()})

    async def rows(self, statement: str, *values: object) -> Sequence[Any]:
        """Return the rows that a statement finds.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        return await read_rows(self._reader, "views.db", statement, *values)


async def opened_or_none(
    size: int, call: Callable[Parameters, Answer], *args: Parameters.args, **how: Parameters.kwargs
) -> Answer | None:
    """Call the same; None when the key is not there."""
    try:
        return await beside_loop(size, call, *args, **how)
    except KeyMissing:
        return None


async def beside_loop(
    size: int, call: Callable[Parameters, Answer], *args: Parameters.args, **how: Parameters.kwargs
) -> Answer:
    """Call what opens boxes of `size` bytes together: in a thread when they are large."""
    if size <= INLINE_BYTES_MAX:
        return call(*args, **how)
    return await asyncio.to_thread(call, *args, **how)


def _joined(boxes: Boxes, transcription: str, rows: Sequence[Any]) -> bytes:
    """Open one part after the other: the whole, and never all of its parts beside it."""
    whole = BytesIO()
    for generation, first, box in rows:
        (piece,) = boxes.open(part_place(generation, transcription, first), box)
        assert piece is not None
        whole.write(piece)
    return whole.getvalue()
