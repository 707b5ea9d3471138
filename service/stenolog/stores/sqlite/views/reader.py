"""All that is read from `views.db`; each answer is one statement, so it is of one moment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import aiosqlite

from stenolog.errors import StoreUnavailable
from stenolog.projections.rows import ITEMS_PER_CHUNK_MAX, Reason, Status, StatusRow, TranscriptRow
from stenolog.projections.views import (
    ITEMS_PER_PAGE_MAX,
    OPEN_PER_PAGE_MAX,
    TRANSCRIPTIONS_PER_PAGE_MAX,
    Checkpoint,
    ItemsPage,
    OpenPage,
    ProjectionStatus,
    TranscriptionsPage,
    UploadUse,
)
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.views.rows import STATUS_COLUMNS, status_row

CHUNKS_PER_READ = 16  # when one speaker is looked for; at most 512 KiB and a longest item

_LIVE = "(SELECT generation FROM generations WHERE projection = ? AND state = 'live')"
_STATUS = f"SELECT {', '.join(STATUS_COLUMNS)} FROM transcriptions"  # noqa: S608  column names are ours
_NAME = "transcriptions"
_OPEN = (
    "SELECT id FROM transcriptions WHERE generation = "
    "(SELECT generation FROM generations WHERE projection = ?1 AND state = 'live') AND id > ?2"
)


class ViewReads:
    """Keeps `ViewReader`'s promises over one reading connection."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def transcription(self, transcription: str) -> StatusRow | None:
        """By primary key."""
        rows = await self._rows(
            f"{_STATUS} WHERE generation = {_LIVE} AND id = ?", _NAME, transcription
        )
        return status_row(rows[0]) if rows else None

    async def request(self, transcription: str) -> bytes | None:
        """By primary key."""
        rows = await self._rows(
            f"SELECT body FROM requests WHERE generation = {_LIVE} AND id = ?",  # noqa: S608  ours
            _NAME,
            transcription,
        )
        return bytes(rows[0][0]) if rows else None

    async def transcript(self, transcription: str) -> TranscriptRow | None:
        """By primary key."""
        rows = await self._rows(
            "SELECT text, confidence, language_code, words, body FROM transcripts "  # noqa: S608  ours
            f"WHERE generation = {_LIVE} AND id = ?",
            "transcript",
            transcription,
        )
        if not rows:
            return None
        text, confidence, language_code, words, body = rows[0]
        return TranscriptRow(
            text=text,
            confidence=confidence,
            language_code=language_code,
            words=words,
            body=bytes(body),
        )

    async def customer_body(self, transcription: str) -> bytes | None:
        """By primary key; the bytes were made by the projection."""
        rows = await self._rows(
            f"SELECT body FROM transcripts WHERE generation = {_LIVE} AND id = ?",  # noqa: S608  ours
            "transcript",
            transcription,
        )
        return bytes(rows[0][0]) if rows else None

    async def view_state(self, transcription: str, view: str) -> Reason | None:
        """By primary key."""
        rows = await self._rows(
            f"SELECT reason FROM views WHERE generation = {_LIVE} AND id = ?",  # noqa: S608  ours
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
        """The view's own columns, then those of its chunks that end behind the ordinal `after`."""
        return await self._rows(
            "SELECT v.reason, v.beside, v.items, c.first, c.speakers, c.bodies FROM views v "  # noqa: S608  ours
            "LEFT JOIN chunks c ON c.generation = v.generation AND c.id = v.id "
            "AND c.first > ? AND c.first + c.count - 1 > ? "
            f"WHERE v.generation = {_LIVE} AND v.id = ? ORDER BY c.first LIMIT ?",
            after - ITEMS_PER_CHUNK_MAX,
            after,
            view,
            transcription,
            chunks_max,
        )

    async def list_transcriptions(
        self,
        tenant: str,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        status: Status | None = None,
        created_on: str | None = None,
    ) -> TranscriptionsPage:
        """One row more than asked for says whether there are more in that direction."""
        assert 1 <= limit <= TRANSCRIPTIONS_PER_PAGE_MAX
        assert before is None or after is None
        conditions = [f"generation = {_LIVE}", "tenant = ?"]
        values: list[object] = [_NAME, tenant]
        if status is not None:
            conditions.append("status = ?")
            values.append(status)
        if created_on is not None:
            day = date.fromisoformat(created_on)
            conditions.append("created_at >= ? AND created_at < ?")
            values += [day.isoformat(), _day_after(day)]
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

    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage:
        """By the partial indexes on what is open and what is unsettled, beside the checkpoint."""
        assert 1 <= limit <= OPEN_PER_PAGE_MAX
        rows = await self._rows(
            "SELECT c.position, c.event_id, t.id FROM checkpoint c LEFT JOIN ("  # noqa: S608  ours
            f"SELECT * FROM ({_OPEN} AND status IN ('queued', 'processing') ORDER BY id LIMIT ?3) "
            f"UNION SELECT * FROM ({_OPEN} AND unsettled <> '' ORDER BY id LIMIT ?3)"
            ") t ORDER BY t.id LIMIT ?3",
            _NAME,
            after,
            limit,
        )
        return OpenPage(
            ids=tuple(row[2] for row in rows if row[2] is not None),
            checkpoint=Checkpoint(position=rows[0][0], event_id=rows[0][1]),
        )

    async def upload_use(self, upload: str) -> UploadUse:
        """By the partial index on uploads, beside the checkpoint.

        Named in the statement: SQLite takes the primary key for better, and reads every row.
        """
        rows = await self._rows(
            "SELECT c.position, g.generation, (SELECT count(*) FROM transcriptions t "
            "INDEXED BY transcriptions_by_upload "
            "WHERE t.generation = g.generation AND t.upload = ? AND NOT t.erased) "
            "FROM checkpoint c LEFT JOIN generations g ON g.projection = ? AND g.state = 'live'",
            upload,
            _NAME,
        )
        position, generation, users = rows[0]
        if generation is None:
            raise StoreUnavailable("views.db: transcriptions are being projected anew")
        return UploadUse(position=position, users=users)

    async def projections(self) -> tuple[ProjectionStatus, ...]:
        """Live and building generations side by side, by name."""
        rows = await self._rows(
            "SELECT n.projection, l.generation, l.version, checkpoint.position, "
            "(SELECT count(*) FROM failures f WHERE f.generation = l.generation), b.position "
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
        """The one row of its table."""
        rows = await self._rows("SELECT position, event_id FROM checkpoint")
        return Checkpoint(position=rows[0][0], event_id=rows[0][1])

    async def counts_by_status(self) -> Mapping[str, int]:
        """Counts the entries of the index on status."""
        rows = await self._rows(
            f"SELECT status, count(*) FROM transcriptions WHERE generation = {_LIVE} "  # noqa: S608  ours
            "GROUP BY status",
            _NAME,
        )
        return {status: count for status, count in rows}

    async def oldest_open_at(self) -> str | None:
        """Over the partial index on what is open, named as in `upload_use`."""
        rows = await self._rows(
            "SELECT min(created_at) FROM transcriptions INDEXED BY transcriptions_open "  # noqa: S608  ours
            f"WHERE generation = {_LIVE} AND status IN ('queued', 'processing')",
            _NAME,
        )
        return rows[0][0] if rows else None

    async def _listed(
        self, filtered: str, bound: str, order: str, *values: object
    ) -> tuple[StatusRow, ...]:
        # The page is found in an index alone, however much the filters pass over.
        rows = await self._rows(
            "WITH page AS (SELECT generation, id FROM transcriptions "  # noqa: S608  ours
            f"WHERE {filtered} AND requested_position {bound} "
            f"ORDER BY requested_position {order} LIMIT ?) "
            f"{_STATUS} JOIN page USING (generation, id) ORDER BY requested_position {order}",
            *values,
        )
        return tuple(status_row(row) for row in rows)

    async def _rows(self, statement: str, *values: object) -> Sequence[Any]:
        return await read_rows(self._reader, "views.db", statement, *values)


def _items(rows: Sequence[Any]) -> Iterator[tuple[int, str | None, bytes]]:
    """Ordinal, speaker and JSON of every item in these chunks."""
    for _, _, _, first, speakers, bodies in rows:
        if first is None:
            continue
        lines = bytes(bodies).split(b"\n")
        said_by = json.loads(speakers) if speakers is not None else [None] * len(lines)
        yield from zip(range(first, first + len(lines)), said_by, lines, strict=True)


def _day_after(day: date) -> str:
    return (day + timedelta(days=1)).isoformat() if day < date.max else "9999-12-32"
