"""Read the items of one transcription's views from `views.db`; each answer is of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stenolog.projections.documents import decode
from stenolog.projections.pages import ITEMS_PER_PAGE_MAX, ItemsPage
from stenolog.projections.rows import ITEMS_PER_CHUNK_MAX, Reason
from stenolog.projections.shaped.filters import Wanted
from stenolog.projections.views import TRANSCRIPT_VIEW
from stenolog.stores.sqlite.views.boxes import Boxes
from stenolog.stores.sqlite.views.content import head_place, part_place
from stenolog.stores.sqlite.views.content_reads import LIVE, ContentReads, beside_loop
from stenolog.stores.sqlite.views.rows import UNWRITTEN

READ_TIMES_DEARER = 32  # to unpack a box and read its items, than to open it alone
PARTS_PER_READ = 16  # when items are looked for; at most 1 MiB and a longest item


@dataclass(slots=True, kw_only=True)
class _Search:
    """What a page is to hold, and what was found of it so far."""

    after: int
    limit: int
    wanted: Wanted | None
    reached: int
    around: bytes | None = None
    found: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, first: int, bodies: bytes) -> None:
        for ordinal, line in enumerate(bodies.split(b"\n"), start=first):
            self.reached = ordinal
            if ordinal > self.after and (self.wanted is None or self._is_wanted(line)):
                self.found.append((ordinal, line))

    def _is_wanted(self, line: bytes) -> bool:
        assert self.wanted is not None
        return self.wanted.matches(decode(line))


class ItemReads(ContentReads):
    """Keeps the promises of `ViewReader` about items, over one reading connection."""

    async def view_state(self, transcription: str, view: str) -> Reason | None:
        """Reads by primary key."""
        rows = await self.rows(
            f"SELECT reason FROM views WHERE generation = {LIVE} AND id = ?",  # noqa: S608  ours
            view,
            transcription,
        )
        return rows[0][0] if rows else await self._reason_without_row(view, transcription)

    async def items(
        self, transcription: str, view: str, *, after: int, limit: int, wanted: Wanted | None = None
    ) -> ItemsPage:
        """Ordinals are dense: where all items are wanted, the parts are known beforehand."""
        assert 1 <= limit <= ITEMS_PER_PAGE_MAX
        assert after >= 0
        parts_max = limit // ITEMS_PER_CHUNK_MAX + 2 if wanted is None else PARTS_PER_READ
        search = _Search(after=after, limit=limit, wanted=wanted, reached=after)
        boxes: Boxes | None = None
        while True:
            rows = await self._parts(view, transcription, search.reached, parts_max)
            if not rows:
                reason = await self._reason_without_row(view, transcription)
                if reason is not None:
                    return ItemsPage(items=(), next=None, reason=reason, around=None)
                continue
            reason, total = rows[0][1:3]
            before = search.reached
            size = sum(len(box) for row in rows for box in (row[3], row[5]) if box is not None)
            if size:
                boxes = boxes or await self.boxes_of([transcription])
                work = size if wanted is None else size * READ_TIMES_DEARER
                await beside_loop(work, _look, boxes, transcription, rows, search)
            if len(search.found) > limit or search.reached >= total or search.reached == before:
                break
        page = search.found[:limit]
        return ItemsPage(
            items=tuple(line for _, line in page),
            next=page[-1][0] if len(search.found) > limit else None,
            reason=reason,
            around=search.around,
        )

    async def _reason_without_row(self, view: str, transcription: str) -> Reason | None:
        """Tell why a view has no row; None when it has one by now.

        All views of an outcome are written together, but for those that nobody asked for.
        """
        rows = await self.rows(
            "SELECT reason, EXISTS (SELECT 1 FROM views asked WHERE asked.id = views.id "  # noqa: S608  ours
            f"AND asked.generation = {LIVE}) FROM views WHERE generation = {LIVE} AND id = ? "
            "AND EXISTS (SELECT 1 FROM generations WHERE projection = ? AND state = 'live')",
            *(view, TRANSCRIPT_VIEW, transcription, view),
        )
        if not rows:
            return "not_ready"
        reason, written = rows[0]
        return None if written else reason or UNWRITTEN

    async def _parts(
        self, view: str, transcription: str, after: int, parts_max: int
    ) -> Sequence[Any]:
        """Return the view's own columns, then those of its parts that end after `after`.

        The view's box comes with each part; where there are any, it is short.
        """
        return await self.rows(
            "SELECT v.generation, v.reason, v.items, v.box, p.first, p.box FROM views v "  # noqa: S608  ours
            "LEFT JOIN parts p ON p.generation = v.generation AND p.id = v.id "
            "AND p.first > ? AND p.first + p.count - 1 > ? "
            f"WHERE v.generation = {LIVE} AND v.id = ? ORDER BY p.first LIMIT ?",
            after - ITEMS_PER_CHUNK_MAX,
            after,
            view,
            transcription,
            parts_max,
        )


def _look(boxes: Boxes, transcription: str, rows: Sequence[Any], search: _Search) -> None:
    """Open these rows, and take from them what the search is for."""
    generation, _, _, head = rows[0][:4]
    if head is not None:
        search.around, bodies = boxes.open(head_place(generation, transcription), head)
        if bodies is not None:
            search.add(1, bodies)
    for generation, _, _, _, first, part in rows:
        if part is not None:
            (bodies,) = boxes.open(part_place(generation, transcription, first), part)
            assert bodies is not None
            search.add(first, bodies)
