"""Answer one page of GET /v2/transcript, from the views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from stenolog.edge.loops import Turns
from stenolog.edge.transcriptions.reading import Reading
from stenolog.projections.pages import TRANSCRIPTIONS_PER_PAGE_MAX, TranscriptionsPage
from stenolog.projections.rows import Status, StatusRow
from stenolog.projections.views import ViewReader
from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.listing import ListItem, ListQuery, page


class Pages:
    """Makes pages that stay stable while transcriptions arrive: each is bounded by an item."""

    def __init__(self, reading: Reading, views: ViewReader, turns: Turns, public_url: str) -> None:
        self._reading = reading
        self._views = views
        self._turns = turns
        self._public_url = public_url

    async def page(self, tenant: str, query: ListQuery) -> dict[str, object]:
        """Return the answer's body.

        Raises:
            NotFound: `before_id` or `after_id` is not one of this tenant's.
            StoreUnavailable: The views cannot be read.
        """
        found = await self._rows(tenant, query)
        return page(
            [_item(row) for row in found.rows],
            query=query,
            base_url=self._public_url,
            has_older=found.older,
            has_newer=found.newer,
        )

    async def _rows(self, tenant: str, query: ListQuery) -> TranscriptionsPage:
        before = await self._position(tenant, query.before_id)
        after = await self._position(tenant, query.after_id)
        if query.throttled_only:
            return await self._throttled(tenant, query, before, after)
        found = await self._views.list_transcriptions(
            tenant,
            limit=query.limit,
            before=before,
            after=after if before is None else None,
            status=cast("Status | None", query.status),
            created_on=query.created_on.isoformat() if query.created_on else None,
        )
        if before is None or after is None:
            return found
        within = tuple(row for row in found.rows if row.requested_position > after)
        older = found.older and len(within) == len(found.rows)
        return TranscriptionsPage(rows=within, older=older, newer=found.newer)

    async def _throttled(
        self, tenant: str, query: ListQuery, before: int | None, after: int | None
    ) -> TranscriptionsPage:
        """Those that wait for their turn: in no view, because it changes with every other's end."""
        if not await self._turns.any_waiting(tenant):
            upwards = after is not None and before is None
            return TranscriptionsPage(
                rows=(), older=upwards, newer=not upwards and query.before_id is not None
            )
        if after is not None and before is None:
            return await self._waiting_newer(tenant, query, after)
        return await self._waiting_older(tenant, query, before, after or 0)

    async def _waiting_older(
        self, tenant: str, query: ListQuery, before: int | None, after: int
    ) -> TranscriptionsPage:
        """Return the newest that wait, older than `before` and newer than `after`."""
        found: list[StatusRow] = []
        beyond = True
        while beyond and len(found) <= query.limit:
            part = await self._queued(tenant, query, before=before)
            within = [row for row in part.rows if row.requested_position > after]
            found += await self._waiting(within)
            beyond = part.older and len(within) == len(part.rows)
            before = part.rows[-1].requested_position if part.rows else before
        return TranscriptionsPage(
            rows=tuple(found[: query.limit]),
            older=len(found) > query.limit,
            newer=query.before_id is not None,
        )

    async def _waiting_newer(self, tenant: str, query: ListQuery, after: int) -> TranscriptionsPage:
        """Return the oldest that wait and are newer than `after`, newest first."""
        found: list[StatusRow] = []
        beyond = True
        while beyond and len(found) <= query.limit:
            part = await self._queued(tenant, query, after=after)
            found = await self._waiting(part.rows) + found
            beyond = part.newer
            after = part.rows[0].requested_position if part.rows else after
        return TranscriptionsPage(
            rows=tuple(found[-query.limit :]), older=True, newer=len(found) > query.limit
        )

    async def _queued(
        self, tenant: str, query: ListQuery, *, before: int | None = None, after: int | None = None
    ) -> TranscriptionsPage:
        """Return as many queued ones as fit a page; nearly all of them wait, so few are in vain."""
        return await self._views.list_transcriptions(
            tenant,
            limit=TRANSCRIPTIONS_PER_PAGE_MAX,
            before=before,
            after=after,
            status="queued",
            created_on=query.created_on.isoformat() if query.created_on else None,
        )

    async def _waiting(self, rows: Sequence[StatusRow]) -> list[StatusRow]:
        waiting = frozenset(await self._turns.waiting_of([row.id for row in rows]))
        return [row for row in rows if row.id in waiting]

    async def _position(self, tenant: str, transcription_id: str | None) -> int | None:
        if transcription_id is None:
            return None
        return (await self._reading.find(tenant, transcription_id)).requested_position


def _item(row: StatusRow) -> ListItem:
    return ListItem(
        id=row.id,
        status="completed" if row.erased else row.status,
        created=row.created_at,
        completed=row.completed_at if row.status == "completed" else None,
        audio_url=sentences.DELETED_URL_IN_LIST if row.erased else row.audio_url,
        error=row.error or "",
    )
