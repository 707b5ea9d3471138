"""Find and lease what can go, in a time that does not grow with what cannot."""

from __future__ import annotations

import sqlite3
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from stenolog.delivery.outbox import Ending, Leased, Taken
from stenolog.delivery.schedule import FAILURES_IN_A_ROW
from stenolog.delivery.slots import Slots
from stenolog.log.events.deliveries import DeliveryKind

Row = tuple[int, DeliveryKind, str, int, str, str]
"""Position, kind, endpoint, round, tenant and lane."""
KEY = "position = ? AND kind = ? AND endpoint = ? AND round = ?"
ATTEMPTS_PER_TAKE_MAX = 1_000
PACED_MS = 50  # an endpoint with a rate gets as many at once as it may get in this time


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
        slots.occupy(row[4], row[5])
        chosen.append(row)
    leases = [_lease(run, row[:4], until_ms) for row in chosen]
    _hold_back(run, now_ms, until_ms, Counter(row[5] for row in chosen))
    return Taken(leases=tuple(leases), next_due_ms=_next_due(run, slots))


def _renew(run: sqlite3.Connection, now_ms: int, until_ms: int, busy: Sequence[Leased]) -> None:
    """Lease on what is under way and due all the same: the clock was set forward meanwhile."""
    run.executemany(
        f"UPDATE outbox SET due_at_ms = ? WHERE {KEY} AND lease = ? "  # noqa: S608  ours
        "AND leased = 1 AND due_at_ms <= ?",
        [
            (until_ms, one.position, one.kind, one.endpoint, one.round, one.lease, now_ms)
            for one in busy
        ],
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
        "SELECT position, kind, endpoint, round, tenant, lane FROM outbox "
        "WHERE tenant = ? AND lane = ? AND due_at_ms <= ? ORDER BY due_at_ms, position LIMIT ?",
        (tenant, lane, now_ms, min(slots.lane_room(lane), _allowed(run, lane))),
    ).fetchall()
    for row in rows:
        if not slots.has_room(tenant, lane):
            return
        yield row


def _allowed(run: sqlite3.Connection, lane: str) -> int:
    """Return how many of an endpoint's may go at once; a webhook's lane has no limit of its own."""
    row = run.execute("SELECT pace_ms, failures FROM endpoints WHERE lane = ?", (lane,)).fetchone()
    if row is None:
        return ATTEMPTS_PER_TAKE_MAX
    pace_ms, failures = row
    if failures >= FAILURES_IN_A_ROW:
        return 1  # finds out whether it answers again
    return max(1, PACED_MS // pace_ms) if pace_ms else ATTEMPTS_PER_TAKE_MAX


def _hold_back(
    run: sqlite3.Connection, now_ms: int, until_ms: int, taken: Mapping[str, int]
) -> None:
    """Take nothing more of endpoints that have a rate, or that fail, before they may have more."""
    run.executemany(
        "UPDATE endpoints SET until_ms = max(until_ms, iif(failures >= ?1, ?2, ?3 + pace_ms * ?4)) "
        "WHERE lane = ?5 AND (pace_ms > 0 OR failures >= ?1)",
        [(FAILURES_IN_A_ROW, until_ms, now_ms, count, lane) for lane, count in taken.items()],
    )


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


def _lease(
    run: sqlite3.Connection, key: tuple[int, DeliveryKind, str, int], until_ms: int
) -> Leased:
    """Lease one delivery, which falls due again when its lease expires."""
    position, kind, endpoint, round_number = key
    stream, tenant, lane, lease, created_at_ms, waits_since_ms, *counted, ended, reason = (
        run.execute(
            "UPDATE outbox SET leased = 1, lease = lease + 1, due_at_ms = ?, "  # noqa: S608  ours
            f"awaits_views = 0 WHERE {KEY} RETURNING stream, tenant, lane, lease, "
            "created_at_ms, waits_since_ms, attempts, faults, status, previous, ended, reason",
            (until_ms, *key),
        ).fetchone()
    )
    attempts, faults, status, previous = counted
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
        endpoint=endpoint,
        round=round_number,
        previous=previous,
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
