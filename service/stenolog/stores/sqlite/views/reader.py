"""Read `views.db`; each answer is one statement, so it is of one moment."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date, timedelta

from stenolog.compliance.forgetting.retention import DueRow
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.pages import (
    TRANSCRIPTIONS_PER_PAGE_MAX,
    OpenState,
    ProjectionStatus,
    TranscriptionsPage,
)
from stenolog.projections.rows import Status, StatusRow
from stenolog.projections.views import TRANSCRIPTIONS_VIEW
from stenolog.stores.sqlite.views.content_reads import LIVE
from stenolog.stores.sqlite.views.items import ItemReads
from stenolog.stores.sqlite.views.status_rows import (
    ID_COLUMN,
    SELECT_STATUS,
    opened_status,
)

WITHOUT_KEY_PER_READ = 500

_OLDEST: Mapping[OpenState, str] = {
    "open": "min(created_at)",
    "requested": "min(created_at) FILTER (WHERE claimed_at IS NULL)",
    "claimed": "min(claimed_at) FILTER (WHERE accepted_at IS NULL AND called_back_at IS NULL)",
    "accepted": "min(accepted_at) FILTER (WHERE called_back_at IS NULL)",
    "called_back": "min(called_back_at)",
}


class ViewReads(ItemReads):
    """Keeps `ViewReader`'s promises over one reading connection."""

    async def transcription(self, transcription: str) -> StatusRow | None:
        """Reads by primary key."""
        rows = await self.rows(
            f"{SELECT_STATUS} WHERE generation = {LIVE} AND id = ?",
            TRANSCRIPTIONS_VIEW,
            transcription,
        )
        if not rows:
            return None
        return opened_status(rows[0], await self.boxes_of([transcription]))

    async def due(
        self, tenant: str | None, *, until: str, after: tuple[str, str], limit: int
    ) -> list[DueRow]:
        """Reads by the partial index on the time."""
        rows = await self.rows(
            f"SELECT id, tenant, erase_at FROM transcriptions WHERE generation = {LIVE} "  # noqa: S608  ours
            "AND erase_at IS NOT NULL AND erase_at <= ? AND (erase_at, id) > (?, ?) "
            "AND (? IS NULL OR tenant = ?) ORDER BY erase_at, id LIMIT ?",
            TRANSCRIPTIONS_VIEW,
            until,
            *after,
            tenant,
            tenant,
            limit,
        )
        return [DueRow(id=row[0], tenant=row[1], erase_at=row[2]) for row in rows]

    async def is_held(self, transcription: str) -> bool:
        """Reads by primary key."""
        rows = await self.rows(
            f"SELECT 1 FROM failures WHERE generation = {LIVE} AND id = ? AND NOT for_now",  # noqa: S608  ours
            TRANSCRIPTIONS_VIEW,
            transcription,
        )
        return bool(rows)

    async def keys_came_back(self) -> bool:
        """Tell whether something was projected without its key, which is there now.

        Raises:
            StoreUnavailable: Views or keys cannot be read now.
        """
        after = ""
        while found := await self.rows(
            "SELECT id FROM transcriptions INDEXED BY transcriptions_without_key "
            "WHERE box IS NULL AND NOT erased AND id > ? ORDER BY id LIMIT ?",
            after,
            WITHOUT_KEY_PER_READ,
        ):
            ids = [row[0] for row in found]
            if (await self.boxes_of(ids)).keys:
                return True
            after = ids[-1]
        return False

    async def list_transcriptions(
        self,
        tenant: str,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        status: Status | None = None,
        created_on: str | None = None,
        among: Collection[str] | None = None,
    ) -> TranscriptionsPage:
        """Reads one row more than asked for, to know whether there are more in that direction."""
        assert 1 <= limit <= TRANSCRIPTIONS_PER_PAGE_MAX
        assert before is None or after is None
        conditions = [f"generation = {LIVE}", "tenant = ?"]
        values: list[object] = [TRANSCRIPTIONS_VIEW, tenant]
        if status is not None:
            conditions.append("status = ?")
            values.append(status)
        if created_on is not None:
            day = date.fromisoformat(created_on)
            conditions.append("created_at >= ? AND created_at < ?")
            values += [day.isoformat(), _day_after(day)]
        if among is not None:
            conditions.append("id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(list(among)))
        filtered = " AND ".join(conditions)
        if after is not None:
            rows = await self._listed(filtered, "> ?", "ASC", *values, after, limit + 1)
            rows, more = rows[:limit][::-1], len(rows) > limit
            return TranscriptionsPage(rows=rows, older=True, newer=more)
        bound = "< ?" if before is not None else "IS NOT ?"
        rows = await self._listed(filtered, bound, "DESC", *values, before, limit + 1)
        return TranscriptionsPage(
            rows=rows[:limit], older=len(rows) > limit, newer=before is not None
        )

    async def is_filling(self) -> bool:
        """Compares two numbers of the one row of the checkpoint."""
        return bool(await self.rows("SELECT 1 FROM checkpoint WHERE filled < filled_until"))

    async def projections(self) -> tuple[ProjectionStatus, ...]:
        """Live and building generations side by side, by name."""
        rows = await self.rows(
            "SELECT n.projection, l.generation, l.version, checkpoint.position, "
            "(SELECT count(*) FROM failures f WHERE f.generation = l.generation), "
            "coalesce(b.position, iif(checkpoint.filled < checkpoint.filled_until, "
            "checkpoint.filled, NULL)) "
            "FROM (SELECT DISTINCT projection FROM generations WHERE state <> 'dropped') n "
            "CROSS JOIN checkpoint "
            "LEFT JOIN generations l ON l.projection = n.projection AND l.state = 'live' "
            "LEFT JOIN generations b ON b.projection = n.projection AND b.state = 'building' "
            "ORDER BY n.projection"
        )
        return tuple(
            ProjectionStatus(
                name=name,
                generation=generation,
                version=version,
                position=position if generation is not None else 0,
                failures=failures,
                rebuilding=rebuilding,
            )
            for name, generation, version, position, failures, rebuilding in rows
        )

    async def checkpoint(self) -> Checkpoint:
        """Return the one row of its table."""
        rows = await self.rows("SELECT position, event_id FROM checkpoint")
        return Checkpoint(position=rows[0][0], event_id=rows[0][1])

    async def counts_by_status(self) -> Mapping[str, int]:
        """Counts the entries of the index on status."""
        rows = await self.rows(
            f"SELECT status, count(*) FROM transcriptions WHERE generation = {LIVE} "  # noqa: S608  ours
            "GROUP BY status",
            TRANSCRIPTIONS_VIEW,
        )
        return {status: count for status, count in rows}

    async def oldest_open(self) -> Mapping[OpenState, str]:
        """Over the partial index on what is open, which has all times.

        Named in the statement: SQLite takes the primary key for better, and reads every row.
        """
        since = ", ".join(_OLDEST.values())
        rows = await self.rows(
            f"SELECT {since} FROM transcriptions INDEXED BY transcriptions_open "  # noqa: S608  ours
            f"WHERE generation = {LIVE} AND status IN ('queued', 'processing')",
            TRANSCRIPTIONS_VIEW,
        )
        found = zip(_OLDEST, rows[0], strict=True)
        return {state: since for state, since in found if since is not None}

    async def _listed(
        self, filtered: str, bound: str, order: str, *values: object
    ) -> tuple[StatusRow, ...]:
        # The page is found in an index alone, however much the filters pass over.
        rows = await self.rows(
            "WITH page AS (SELECT generation, id FROM transcriptions "  # noqa: S608  ours
            f"WHERE {filtered} AND requested_position {bound} "
            f"ORDER BY requested_position {order} LIMIT ?) "
            f"{SELECT_STATUS} JOIN page USING (generation, id) ORDER BY requested_position {order}",
            *values,
        )
        boxes = await self.boxes_of([row[ID_COLUMN] for row in rows])
        return tuple(opened_status(row, boxes) for row in rows)


def _day_after(day: date) -> str:
    return (day + timedelta(days=1)).isoformat() if day < date.max else "9999-12-32"
