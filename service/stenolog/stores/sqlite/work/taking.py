"""Find and lease what can go, in a time that does not grow with what cannot."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from stenolog.delivery.outbox import Ending, Leased, Taken
from stenolog.delivery.slots import Slots
from stenolog.log.events.deliveries import DeliveryKind

Row = tuple[int, DeliveryKind, str, str]
"""Position, kind, tenant and lane."""


def take(
    run: sqlite3.Connection,
    now_ms: int,
    until_ms: int,
    busy: Sequence[Leased],
    at_once: int,
    per_lane: int,
) -> Taken:
    """Lease what is due and has room: tenants in turns, and the lanes of each in turns.

    The tables `tenants` and `lanes` say what is due first in each. Only those that are full are
    gone past, and there are fewer of them than attempts under way.
    """
    _renew(run, now_ms, until_ms, busy)
    slots = Slots(busy, at_once=at_once, per_lane=per_lane)
    chosen: list[Row] = []
    for row in _due(run, now_ms, slots):
        slots.occupy(row[2], row[3])
        chosen.append(row)
    leases = [_lease(run, position, kind, until_ms) for position, kind, _, _ in chosen]
    return Taken(leases=tuple(leases), next_due_ms=_next_due(run, slots))


def _renew(run: sqlite3.Connection, now_ms: int, until_ms: int, busy: Sequence[Leased]) -> None:
    """Lease on what is under way and due all the same: the clock was set forward meanwhile."""
    run.executemany(
        "UPDATE outbox SET due_at_ms = ? WHERE position = ? AND kind = ? AND lease = ? "
        "AND leased = 1 AND due_at_ms <= ?",
        [(until_ms, one.position, one.kind, one.lease, now_ms) for one in busy],
    )


def _due(run: sqlite3.Connection, now_ms: int, slots: Slots) -> Iterator[Row]:
    """Yield what is due and has room when it is asked for; whoever asks occupies it first."""
    tenants = run.execute(
        "SELECT tenant FROM tenants WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?",
        # One whose due deliveries are all in full lanes is gone past, too.
        (now_ms, slots.free + len(slots.full_tenants()) + len(slots.full_lanes())),
    ).fetchall()
    return _in_turns(_due_of_tenant(run, now_ms, slots, tenant) for (tenant,) in tenants)


def _due_of_tenant(
    run: sqlite3.Connection, now_ms: int, slots: Slots, tenant: str
) -> Iterator[Row]:
    if not slots.tenant_has_room(tenant):
        return iter(())
    lanes = run.execute(
        "SELECT lane FROM lanes WHERE tenant = ? AND due_at_ms <= ? ORDER BY due_at_ms LIMIT ?",
        # Of a tenant with room, fewer lanes are full than slots are free.
        (tenant, now_ms, slots.free),
    ).fetchall()
    return _in_turns(_due_of_lane(run, now_ms, slots, tenant, lane) for (lane,) in lanes)


def _due_of_lane(
    run: sqlite3.Connection, now_ms: int, slots: Slots, tenant: str, lane: str
) -> Iterator[Row]:
    if not slots.has_room(tenant, lane):
        return
    rows = run.execute(
        "SELECT position, kind, tenant, lane FROM outbox "
        "WHERE tenant = ? AND lane = ? AND due_at_ms <= ? ORDER BY due_at_ms, position LIMIT ?",
        (tenant, lane, now_ms, slots.lane_room(lane)),
    ).fetchall()
    for row in rows:
        if not slots.has_room(tenant, lane):
            return
        yield row


def _in_turns(sources: Iterable[Iterator[Row]]) -> Iterator[Row]:
    """Yield one row of each source, then the next of each; a source is opened at its turn."""
    again: deque[Iterator[Row]] = deque()
    for source in sources:
        row = next(source, None)
        if row is not None:
            yield row
            again.append(source)
    while again:
        source = again.popleft()
        row = next(source, None)
        if row is not None:
            yield row
            again.append(source)


def _lease(run: sqlite3.Connection, position: int, kind: DeliveryKind, until_ms: int) -> Leased:
    """Lease one delivery, which falls due again when its lease expires."""
    stream, tenant, lane, lease, created_at_ms, waits_since_ms, *counted, ended, reason = (
        run.execute(
            "UPDATE outbox SET leased = 1, lease = lease + 1, due_at_ms = ?, awaits_views = 0 "
            "WHERE position = ? AND kind = ? RETURNING stream, tenant, lane, lease, "
            "created_at_ms, waits_since_ms, attempts, faults, status, ended, reason",
            (until_ms, position, kind),
        ).fetchone()
    )
    attempts, faults, status = counted
    return Leased(
        position=position,
        kind=kind,
        stream=stream,
        tenant=tenant,
        lane=lane,
        lease=lease,
        created_at_ms=created_at_ms,
        waits_since_ms=waits_since_ms,
        attempts=attempts,
        faults=faults,
        status=status,
        ending=Ending(reason=reason) if ended else None,
    )


def _next_due(run: sqlite3.Connection, slots: Slots) -> int | None:
    """Return when the next delivery of a tenant and a lane that have room falls due."""
    if slots.free <= 0:
        return None
    heads = run.execute(
        "SELECT tenant, due_at_ms FROM tenants ORDER BY due_at_ms LIMIT ?",
        (len(slots.full_tenants()) + len(slots.full_lanes()) + 1,),
    ).fetchall()
    first: int | None = None
    for tenant, head_ms in heads:
        if first is not None and head_ms >= first:
            break
        if slots.tenant_has_room(tenant):
            due_at_ms = _next_due_of_tenant(run, slots, tenant)
            if due_at_ms is not None and (first is None or due_at_ms < first):
                first = due_at_ms
    return first


def _next_due_of_tenant(run: sqlite3.Connection, slots: Slots, tenant: str) -> int | None:
    lanes = run.execute(
        "SELECT lane, due_at_ms FROM lanes WHERE tenant = ? ORDER BY due_at_ms LIMIT ?",
        (tenant, len(slots.full_lanes()) + 1),
    ).fetchall()
    return next((due for lane, due in lanes if slots.has_room(tenant, lane)), None)
