"""Read and open what `views.db` holds of one transcription; each answer is of one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any, ParamSpec, TypeVar

import aiosqlite

from stenolog.errors import KeyMissing
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.projections.rows import TranscriptRow
from stenolog.projections.views import TRANSCRIPT_VIEW, TRANSCRIPTIONS_VIEW
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.views.boxes import Boxes, StreamKeys
from stenolog.stores.sqlite.views.content import (
    head_place,
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

    async def transcript(self, transcription: str) -> TranscriptRow | None:
        """Opens the view and, of a long one, all parts of its body."""
        rows = await self._transcript_boxes(transcription)
        if not rows:
            return None
        boxes = await self.boxes_of([transcription])
        return await opened_or_none(_size(rows), _transcript, boxes, transcription, rows)

    async def customer_body(self, transcription: str) -> bytes | None:
        """Opens the parts alone where there are any; the bytes were made by the projection."""
        rows = await self._transcript_boxes(transcription)
        if not rows:
            return None
        boxes = await self.boxes_of([transcription])
        return await opened_or_none(_size(rows), _body, boxes, transcription, rows)

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

    async def _transcript_boxes(self, transcription: str) -> Sequence[Any]:
        """Return generation, number and box of the view (0) and of each part of its body."""
        return await self.rows(
            "SELECT generation, 0 AS first, box FROM views "  # noqa: S608  ours
            f"WHERE generation = {LIVE} AND id = ? AND box IS NOT NULL "
            "UNION ALL SELECT generation, first, box FROM parts "
            f"WHERE generation = {LIVE} AND id = ? ORDER BY first",
            *(TRANSCRIPT_VIEW, transcription) * 2,
        )


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


def _size(rows: Sequence[Any]) -> int:
    return sum(len(box) for _, _, box in rows)


def _transcript(boxes: Boxes, transcription: str, rows: Sequence[Any]) -> TranscriptRow:
    generation, _, head = rows[0]
    fields = boxes.open(head_place(generation, transcription), head)
    return transcript_of(fields, _bodies(boxes, transcription, rows[1:]))


def _body(boxes: Boxes, transcription: str, rows: Sequence[Any]) -> bytes:
    if len(rows) > 1:
        return b"".join(_bodies(boxes, transcription, rows[1:]))
    return _transcript(boxes, transcription, rows).body


def _bodies(boxes: Boxes, transcription: str, rows: Sequence[Any]) -> list[bytes]:
    found: list[bytes] = []
    for generation, first, box in rows:
        (piece,) = boxes.open(part_place(generation, transcription, first), box)
        assert piece is not None
        found.append(piece)
    return found
