"""Implement what is kept of endpoints on SQLite, in `work.db`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from stenolog.delivery.endpoint_rows import (
    ROWS_PER_FEED_MAX,
    EndpointAttempt,
    EndpointRow,
    Feed,
)
from stenolog.delivery.limits import OutboxLimits
from stenolog.delivery.outbox import Attempt, Pending
from stenolog.delivery.standing import Standing
from stenolog.stores.sqlite.file.written_file import WrittenFile
from stenolog.stores.sqlite.work import endpoint_statements as statements
from stenolog.stores.sqlite.work.adding import OF_ENDPOINT

LATEST = (2**63 - 1, 2**63 - 1)
ATTEMPT = "number, at_ms, took_ms, status, outcome, answer, message_id, retry_at_ms"


class EndpointFile(WrittenFile):
    """Keeps the promises of `EndpointRows`."""

    limits = OutboxLimits()

    async def keep_endpoints(self, rows: Sequence[EndpointRow]) -> None:
        """Runs in one transaction."""
        await self._commits.submit(partial(statements.keep, rows=rows))

    async def drop_endpoint(self, endpoint: str) -> None:
        """Runs in one transaction."""
        await self._commits.submit(partial(statements.drop, endpoint=endpoint))

    async def feeds(self) -> Sequence[Feed]:
        """Reads all rows that are not done: a few of each endpoint."""
        rows = await self._all("SELECT endpoint, round, position FROM feeds WHERE NOT done")
        return [Feed(endpoint=one[0], round=one[1], position=one[2]) for one in rows]

    async def feed(
        self, pending: Sequence[Pending], *, feed: Feed, to: int, done: bool = False
    ) -> bool:
        """Runs in one transaction."""
        assert len(pending) <= ROWS_PER_FEED_MAX
        added: bool = await self._commits.submit(
            partial(
                statements.feed, pending=pending, feed=feed, to=to, done=done, limits=self.limits
            )
        )
        return added

    async def standing(self, endpoint: str) -> Standing:
        """Reads by primary key."""
        row = await self._one(statements.STANDING, endpoint)
        return statements.standing_of(None if row is None else tuple(row)) or Standing()

    async def pending_for(self, endpoint: str) -> int:
        """Counts entries of an index."""
        row = await self._one(
            f"SELECT count(*) FROM outbox WHERE {OF_ENDPOINT}",  # noqa: S608  ours
            endpoint,
        )
        return 0 if row is None else int(row[0])

    async def attempts_of(
        self, endpoint: str, *, before: tuple[int, int] | None, limit: int
    ) -> Sequence[EndpointAttempt]:
        """Reads by the index on endpoint and time."""
        rows = await self._all(
            f"SELECT position, round, {ATTEMPT} FROM attempts "  # noqa: S608  columns are ours
            f"WHERE {OF_ENDPOINT} AND (at_ms, position) < (?, ?) "
            "ORDER BY at_ms DESC, position DESC LIMIT ?",
            endpoint,
            *(before or LATEST),
            limit,
        )
        return [
            EndpointAttempt(position=one[0], round=one[1], attempt=attempt_of(one[2:]))
            for one in rows
        ]


def attempt_of(row: Sequence[Any]) -> Attempt:
    """Return what the columns `ATTEMPT` say."""
    number, at_ms, took_ms, status, outcome, answer, message_id, retry_at_ms = row
    return Attempt(
        number=number,
        at_ms=at_ms,
        took_ms=took_ms,
        status=status,
        outcome=outcome,
        answer=answer,
        message_id=message_id,
        retry_at_ms=retry_at_ms,
    )
