"""Implement the books of named consumers on SQLite, in `work.db`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from stenolog.feed.consumers.books import (
    CONSUMERS_PER_READ_MAX,
    OPEN_MAX,
    Claim,
    Claimed,
    Consumer,
    OpenEvents,
    TakenIn,
)
from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.written_file import Write
from stenolog.stores.sqlite.work import consumer_statements as statements
from stenolog.stores.sqlite.work.consumer_doubts import doubt_older

FOUND = (
    "SELECT tenant, name, types, epoch, taken_to, created_at_ms, doubt, "
    "(SELECT min(position) FROM consumer_events AS open "
    "WHERE open.tenant = consumers.tenant AND open.name = consumers.name), "
    "(SELECT count(*) FROM consumer_events AS open "
    "WHERE open.tenant = consumers.tenant AND open.name = consumers.name) FROM consumers "
)

OPEN_EVENTS = (
    "SELECT taken_to, (SELECT count(*) FROM consumer_events WHERE tenant = ?1 AND name = ?2), "  # noqa: S608  the columns are ours
    f"{statements.OPEN} FROM consumers LEFT JOIN (SELECT {statements.OPEN} FROM consumer_events "
    "WHERE tenant = ?1 AND name = ?2 ORDER BY position LIMIT ?3) ON true "
    "WHERE consumers.tenant = ?1 AND consumers.name = ?2 ORDER BY position"
)


class SqliteConsumers:
    """Keeps `ConsumerBooks`' promises beside the outbox, with its thread and its commits.

    Attributes:
        changes: How much was ever acknowledged or reset here, since `known_changes` was read.
    """

    def __init__(
        self,
        identity: LogIdentity,
        submit: Callable[[Write], Awaitable[Any]],
        rows: Callable[..., Awaitable[list[Any]]],
    ) -> None:
        self._epoch = identity.epoch_name
        self._submit = submit
        self._rows = rows
        self.changes = 0

    async def put(
        self, tenant: str, name: str, types: frozenset[str] | None, *, begin_at: int, now_ms: int
    ) -> bool:
        """Runs in one transaction."""
        made: bool = await self._submit(
            partial(
                statements.put,
                tenant=tenant,
                name=name,
                types=types,
                epoch=self._epoch,
                begin_at=begin_at,
                now_ms=now_ms,
            )
        )
        return made

    async def find(self, tenant: str, name: str) -> Consumer | None:
        """Reads by primary key, and counts what is open of it."""
        rows = await self._rows(f"{FOUND} WHERE tenant = ? AND name = ?", tenant, name)
        return _consumer(rows[0]) if rows else None

    async def found(self, tenant: str, *, after: str, limit: int) -> Sequence[Consumer]:
        """Reads by primary key."""
        rows = await self._rows(
            f"{FOUND} WHERE tenant = ? AND name > ? ORDER BY name LIMIT ?",
            tenant,
            after,
            min(limit, CONSUMERS_PER_READ_MAX),
        )
        return [_consumer(row) for row in rows]

    async def remove(self, tenant: str, name: str) -> bool:
        """Runs in one transaction."""
        removed: bool = await self._submit(partial(statements.remove, tenant=tenant, name=name))
        return removed

    async def open(self, tenant: str, name: str, *, limit: int) -> OpenEvents:
        """Reads by primary key, in one statement: what is taken in meanwhile is not torn."""
        rows = await self._rows(OPEN_EVENTS, tenant, name, min(limit, OPEN_MAX))
        if not rows:
            return OpenEvents(taken_to=0, events=(), count=0)
        events = [statements.open_of(row[2:]) for row in rows if row[2] is not None]
        return OpenEvents(taken_to=rows[0][0], events=events, count=rows[0][1])

    async def claim(
        self, tenant: str, name: str, claim: Claim, taken: TakenIn | None
    ) -> Claimed | None:
        """Runs in one transaction; looks at all that is open."""
        claimed: Claimed | None = await self._submit(
            partial(statements.claim, tenant=tenant, name=name, asked=claim, taken=taken)
        )
        return claimed

    async def acknowledge_lease(
        self, tenant: str, name: str, lease: str, *, until: int | None, now_ms: int
    ) -> int:
        """Runs in one transaction."""
        count: int = await self._submit(
            partial(
                statements.acknowledge_lease,
                tenant=tenant,
                name=name,
                lease=lease,
                until=until,
                now_ms=now_ms,
            )
        )
        self.changes += 1
        return count

    async def release(
        self, tenant: str, name: str, lease: str, *, now_ms: int, again_at_ms: int
    ) -> int:
        """Runs in one transaction."""
        count: int = await self._submit(
            partial(
                statements.release,
                tenant=tenant,
                name=name,
                lease=lease,
                now_ms=now_ms,
                again_at_ms=again_at_ms,
            )
        )
        return count

    async def acknowledge(self, tenant: str, name: str, *, until: int, now_ms: int) -> None:
        """Runs in one transaction."""
        await self._submit(
            partial(statements.acknowledge, tenant=tenant, name=name, until=until, now_ms=now_ms)
        )
        self.changes += 1

    async def reset(self, tenant: str, name: str, *, to: int) -> bool:
        """Runs in one transaction."""
        known: bool = await self._submit(
            partial(statements.reset, tenant=tenant, name=name, to=to, epoch=self._epoch)
        )
        self.changes += 1
        return known

    async def known_changes(self) -> int:
        """Read how much was ever acknowledged or reset here, and count on from there."""
        [(self.changes,)] = await self._rows("SELECT count FROM consumer_changes")
        return self.changes

    async def doubt(self, changes: int) -> int:
        """Say of every consumer that the books are older than it; return how many there are.

        `changes` is how many there were elsewhere: they are counted from there on.
        """
        count: int = await self._submit(partial(doubt_older, changes=changes))
        await self.known_changes()
        return count


def _consumer(row: Any) -> Consumer:
    tenant, name, types, epoch, taken_to, created_at_ms, doubt, first_open, count = row
    return Consumer(
        tenant=tenant,
        name=name,
        types=None if types is None else frozenset(json.loads(types)),
        epoch=epoch,
        taken_to=taken_to,
        acknowledged=taken_to if first_open is None else first_open - 1,
        open=count,
        created_at_ms=created_at_ms,
        doubt=doubt,
    )
