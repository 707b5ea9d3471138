"""Implement the outbox on SQLite, in `work.db`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self

import aiosqlite
import structlog

from stenolog.delivery.outbox import (
    DELIVERIES_PER_ADD_MAX,
    STREAMS_PER_CALL_MAX,
    Attempt,
    Backlog,
    Ending,
    Leased,
    Pending,
    Taken,
)
from stenolog.delivery.standing import Standing
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.deliveries import DeliveryKind
from stenolog.log.format import UNBOUND, LogIdentity
from stenolog.stores.sqlite.file.checking import refuse_damaged
from stenolog.stores.sqlite.file.discarding import delete, why_unfit
from stenolog.stores.sqlite.file.writer import Writer
from stenolog.stores.sqlite.work import adding, awaiting
from stenolog.stores.sqlite.work import outbox_statements as statements
from stenolog.stores.sqlite.work.consumers import SqliteConsumers
from stenolog.stores.sqlite.work.endpoints import ATTEMPT, EndpointFile, attempt_of
from stenolog.stores.sqlite.work.schema import WORK
from stenolog.stores.sqlite.work.taking import take

LOST = "deliveries begin at the end of the log; what was pending is read with GET"

log = structlog.get_logger()


class SqliteWork(EndpointFile):
    """Keeps `Outbox`'s promises with WAL and synchronous=FULL.

    A missing file is created, and its pending deliveries are lost; their receivers can read the
    outcome with GET. A damaged file is refused, so that an operator decides whether to lose them.
    """

    schema = WORK

    def __init__(self, writer: Writer, reader: aiosqlite.Connection) -> None:
        super().__init__(writer, reader)
        self.consumers = SqliteConsumers(writer.identity, self._commits.submit, self._all)

    @classmethod
    async def open(cls, path: Path, identity: LogIdentity = UNBOUND) -> Self:
        """Return the file at `path`, made anew when it belongs to another log or another epoch.

        Raises:
            CannotStart: It is of another kind.
            SchemaTooNew: The file was written by a newer Stenolog.
            StoreUnavailable: It cannot be opened or written.
        """
        await asyncio.to_thread(refuse_damaged, path, WORK)
        unfit = await asyncio.to_thread(why_unfit, path, WORK, identity, any_version=True)
        if unfit:
            log.warning("work.discarded", reason=unfit, advice=LOST)
            await asyncio.to_thread(delete, path)
        return await super().open(path, identity)

    async def checkpoint(self) -> Checkpoint | None:
        """Reads by primary key."""
        rows = await self._all(
            "SELECT position, event_id FROM checkpoints WHERE reader = ?", adding.FAN_OUT
        )
        return Checkpoint(position=rows[0][0], event_id=rows[0][1]) if rows else None

    async def begin(self, at: Checkpoint) -> None:
        """Runs in one transaction."""
        await self._commits.submit(partial(statements.begin, at=at))

    async def add(self, pending: Sequence[Pending], *, after: int, to: Checkpoint) -> int:
        """Runs in one transaction."""
        assert len(pending) <= DELIVERIES_PER_ADD_MAX
        over: int = await self._commits.submit(
            partial(adding.add, pending=pending, after=after, to=to, limits=self.limits)
        )
        return over

    async def recover(self, now_ms: int) -> None:
        """Ends all leases: the directory's lock admits one gateway, so their holders are gone."""
        await self._commits.submit(partial(statements.recover, now_ms=now_ms))

    async def take(
        self,
        now_ms: int,
        *,
        until_ms: int,
        busy: Sequence[Leased],
        at_once: int,
        per_lane: int,
    ) -> Taken:
        """Runs in one transaction."""
        taken: Taken = await self._commits.submit(
            partial(
                take,
                now_ms=now_ms,
                until_ms=until_ms,
                busy=tuple(busy),
                at_once=at_once,
                per_lane=per_lane,
            )
        )
        return taken

    async def record(
        self,
        leased: Leased,
        attempt: Attempt,
        *,
        due_at_ms: int | None,
        ending: Ending | None,
        judge: Callable[[Standing], Standing] | None = None,
    ) -> bool:
        """Runs in one transaction."""
        held: bool = await self._commits.submit(
            partial(
                statements.record,
                leased=leased,
                attempt=attempt,
                due_at_ms=due_at_ms,
                ending=ending,
                judge=judge,
            )
        )
        return held

    async def put_off(
        self,
        leased: Leased,
        due_at_ms: int,
        *,
        fault: bool = False,
        waits_since_ms: int | None = None,
        awaits_views: bool = False,
    ) -> None:
        """Runs in one transaction."""
        await self._commits.submit(
            partial(
                statements.put_off,
                leased=leased,
                due_at_ms=due_at_ms,
                fault=fault,
                waits_since_ms=waits_since_ms,
                awaits_views=awaits_views,
            )
        )

    async def resume(self, now_ms: int, *, after: int, until: int) -> int:
        """Runs in one transaction, over an index of those that wait."""
        resumed: int = await self._commits.submit(
            partial(awaiting.resume, now_ms=now_ms, after=after, until=until)
        )
        return resumed

    async def resume_streams(self, streams: Sequence[str], now_ms: int) -> int:
        """Runs in one transaction, over an index of those that wait."""
        assert len(streams) <= STREAMS_PER_CALL_MAX
        resumed: int = await self._commits.submit(
            partial(awaiting.resume_streams, streams=streams, now_ms=now_ms)
        )
        return resumed

    async def remove(self, leased: Leased, now_ms: int) -> None:
        """Runs in one transaction; a hundred old attempts at most go with it."""
        await self._commits.submit(partial(statements.remove, leased=leased, now_ms=now_ms))

    async def attempts(self, position: int, kind: DeliveryKind = "outcome") -> Sequence[Attempt]:
        """Reads by primary key."""
        rows = await self._all(
            f"SELECT {ATTEMPT} FROM attempts "  # noqa: S608  the columns are ours
            "WHERE position = ? AND kind = ? AND endpoint = '' ORDER BY round, number",
            position,
            kind,
        )
        return [attempt_of(row) for row in rows]

    async def backlog(self, now_ms: int) -> Backlog:
        """On the reading connection: counts index entries, and looks at rows of lanes that work."""
        [(deliveries, due, oldest_at_ms, ours_at_ms)] = await self._all(
            "SELECT (SELECT count(*) FROM outbox), "
            "(SELECT count(*) FROM outbox WHERE due_at_ms <= ?), "
            "(SELECT created_at_ms FROM outbox ORDER BY position LIMIT 1), "
            "(SELECT min(created_at_ms) FROM lanes JOIN outbox USING (tenant, lane) "
            "WHERE failing_since_ms IS NULL AND NOT (kind = 'redacted_audio' AND attempts = 0))",
            now_ms,
        )
        return Backlog(
            deliveries=deliveries, due=due, oldest_at_ms=oldest_at_ms, ours_at_ms=ours_at_ms
        )
