"""Read the items of one transcription's views from `views.db`; each answer is of one moment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import aiosqlite

from stenolog.projections.pages import ITEMS_PER_PAGE_MAX, ItemsPage
from stenolog.projections.rows import ITEMS_PER_CHUNK_MAX, Reason
from stenolog.stores.sqlite.file.connection import read_rows

CHUNKS_PER_READ = 16  # when one speaker is looked for; at most 512 KiB and a longest item

LIVE = "(SELECT generation FROM generations WHERE projection = ? AND state = 'live')"
"""The live generation of a projection, whose name is the statement's next value."""


class ItemReads:
    """Keeps the promises of `ViewReader` about items, over one reading connection."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def view_state(self, transcription: str, view: str) -> Reason | None:
        """Reads by primary key."""
        rows = await self.rows(
            f"SELECT reason FROM views WHERE generation = {LIVE} AND id = ?",  # noqa: S608  ours
            view,
            transcription,
        )
        return rows[0][0] if rows else "not_ready"

    async def items(
        self, transcription: str, view: str, *, after: int, limit: int, speaker: str | None = None
    ) -> ItemsPage:
        """Ordinals are dense: without a speaker the chunks of a page are known beforehand."""
        assert 1 <= limit <= ITEMS_PER_PAGE_MAX
        assert after >= 0
        chunks_max = limit // ITEMS_PER_CHUNK_MAX + 2 if speaker is None else CHUNKS_PER_READ
        found: list[tuple[int, bytes]] = []
        reached = after
        while True:
            rows = await self._chunks(view, transcription, reached, chunks_max)
            if not rows:
                return ItemsPage(items=(), next=None, reason="not_ready", beside=None)
            reason, beside, total = rows[0][:3]
            before = reached
            for ordinal, said_by, line in _items(rows):
                reached = ordinal
                if ordinal > after and speaker in (None, said_by):
                    found.append((ordinal, line))
            if len(found) > limit or reached >= total or reached == before:
                break
        page = found[:limit]
        return ItemsPage(
            items=tuple(line for _, line in page),
            next=page[-1][0] if len(found) > limit else None,
            reason=reason,
            beside=None if beside is None else bytes(beside),
        )

    async def _chunks(
        self, view: str, transcription: str, after: int, chunks_max: int
    ) -> Sequence[Any]:
        """Return the view's own columns, then those of its chunks that end after `after`."""
        return await self.rows(
            "SELECT v.reason, v.beside, v.items, c.first, c.speakers, c.bodies FROM views v "  # noqa: S608  ours
            "LEFT JOIN chunks c ON c.generation = v.generation AND c.id = v.id "
            "AND c.first > ? AND c.first + c.count - 1 > ? "
            f"WHERE v.generation = {LIVE} AND v.id = ? ORDER BY c.first LIMIT ?",
            after - ITEMS_PER_CHUNK_MAX,
            after,
            view,
            transcription,
            chunks_max,
        )

    async def rows(self, statement: str, *values: object) -> Sequence[Any]:
        """Return the rows that a statement finds.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        return await read_rows(self._reader, "views.db", statement, *values)


def _items(rows: Sequence[Any]) -> Iterator[tuple[int, str | None, bytes]]:
    """Ordinal, speaker and JSON of every item in these chunks."""
    for _, _, _, first, speakers, bodies in rows:
        if first is None:
            continue
        lines = bytes(bodies).split(b"\n")
        said_by = json.loads(speakers) if speakers is not None else [None] * len(lines)
        yield from zip(range(first, first + len(lines)), said_by, lines, strict=True)
