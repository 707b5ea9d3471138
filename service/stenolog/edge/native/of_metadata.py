"""List the transcriptions whose metadata has some members: looked for among all, a part at a time.

Metadata stands sealed beside its transcription, so nothing but reading tells who has it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence

from stenolog.edge.native.paging import PageQuery
from stenolog.projections.pages import TRANSCRIPTIONS_PER_PAGE_MAX
from stenolog.projections.rows import Status, StatusRow
from stenolog.projections.search.members import members_of
from stenolog.projections.views import ViewReader

READ_MAX = 2_000  # for one answer, which may have fewer than were asked for, and `next`
INLINE_CHARS_MAX = 64 << 10  # of metadata; more is read beside the event loop


async def of_metadata(
    views: ViewReader,
    tenant: str,
    members: Sequence[str],
    query: PageQuery,
    *,
    status: Status | None,
    among: Collection[str] | None,
) -> tuple[list[StatusRow], int | None]:
    """Return the next that have all of these members, and behind which position to go on.

    None: there are no more.

    Raises:
        StoreUnavailable: The views cannot be read.
    """
    found: list[StatusRow] = []
    before = query.after
    for _ in range(READ_MAX // TRANSCRIPTIONS_PER_PAGE_MAX):
        page = await views.list_transcriptions(
            tenant,
            limit=TRANSCRIPTIONS_PER_PAGE_MAX,
            before=before,
            status=status,
            among=among,
        )
        fitting = await fitting_of(page.rows, frozenset(members))
        found += fitting[: query.limit - len(found)]
        if len(found) == query.limit:
            last = found[-1].requested_position
            more = page.older or bool(page.rows and page.rows[-1].requested_position != last)
            return found, last if more else None
        if not page.older:
            return found, None
        before = page.rows[-1].requested_position
    return found, before


async def fitting_of(rows: Sequence[StatusRow], members: frozenset[str]) -> list[StatusRow]:
    """Return the rows whose metadata has all of these members."""
    if sum(len(row.metadata or "") for row in rows) <= INLINE_CHARS_MAX:
        return _with_members(rows, members)
    return await asyncio.to_thread(_with_members, rows, members)


def _with_members(rows: Sequence[StatusRow], members: frozenset[str]) -> list[StatusRow]:
    return [
        row
        for row in rows
        if row.metadata is not None and members <= set(members_of(json.loads(row.metadata)))
    ]
