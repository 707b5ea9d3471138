"""All that is written to the outbox in `work.db`, inside a transaction of its writing thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from stenolog.delivery.outbox import (
    ATTEMPTS_FORGOTTEN_PER_REMOVE,
    ATTEMPTS_KEPT_MS,
    DELIVERIES_PER_TAKE_MAX,
    Attempt,
    Ending,
    Leased,
    Pending,
    Taken,
)
from stenolog.delivery.slots import Slots
from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.deliveries import DeliveryKind

FAN_OUT = "fan-out"


def begin(run: sqlite3.Connection, at: Checkpoint) -> None:
    """Nothing is owed, and the checkpoint is `at`."""
    run.execute("DELETE FROM outbox")
    run.execute("DELETE FROM attempts")
    run.execute(
        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", (FAN_OUT, at.position, at.event_id)
    )


def add(run: sqlite3.Connection, pending: Sequence[Pending], after: int, to: Checkpoint) -> None:
    """Rows and checkpoint together.

    Raises:
        StoreUnavailable: The checkpoint is not at `after`.
    """
    moved = run.execute(
        "UPDATE checkpoints SET position = ?, event_id = ? WHERE reader = ? AND position = ?",
        (to.position, to.event_id, FAN_OUT, after),
    )
    if moved.rowcount != 1:
        raise StoreUnavailable("work.db: the checkpoint is not where it was")
    run.executemany(
        "INSERT INTO outbox (position, kind, stream, tenant, lane, created_at_ms, due_at_ms) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        [
            (one.position, one.kind, one.stream, one.tenant, one.lane, one.created_at_ms)
            for one in pending
        ],
    )


def recover(run: sqlite3.Connection, now_ms: int) -> None:
    """One process at a time has this file: at its start every lease is a dead one's."""
    run.execute("UPDATE outbox SET leased = 0, due_at_ms = ? WHERE leased = 1", (now_ms,))


def take(
    run: sqlite3.Connection,
    now_ms: int,
    until_ms: int,
    busy: Sequence[Leased],
    at_once: int,
    per_lane: int,
) -> Taken:
    """Pages of what is due, each without what is full; a page fills something, or is the last."""
    slots = Slots(busy, at_once=at_once, per_lane=per_lane)
    leases: list[Leased] = []
    while slots.free > 0:
        page = run.execute(
            "SELECT position, kind, tenant, lane FROM outbox WHERE due_at_ms <= ? "
            "AND tenant NOT IN (SELECT value FROM json_each(?)) "
            "AND lane NOT IN (SELECT value FROM json_each(?)) "
            "ORDER BY due_at_ms, position LIMIT ?",
            (now_ms, *_full(slots), DELIVERIES_PER_TAKE_MAX),
        ).fetchall()
        for position, kind, tenant, lane in page:
            if slots.has_room(tenant, lane):
                slots.occupy(tenant, lane)
                leases.append(_lease(run, position, kind, until_ms))
        if len(page) < DELIVERIES_PER_TAKE_MAX:
            break
    return Taken(leases=tuple(leases), next_due_ms=_next_due(run, slots))


def record(
    run: sqlite3.Connection,
    leased: Leased,
    attempt: Attempt,
    due_at_ms: int | None,
    ending: Ending | None,
) -> bool:
    """The attempt and what follows from it together."""
    assert (due_at_ms is None) != (ending is None)
    held = run.execute(
        "UPDATE outbox SET attempts = ?, status = coalesce(?, status), "
        "due_at_ms = coalesce(?, due_at_ms), leased = ?, ended = ?, reason = ? "
        "WHERE position = ? AND kind = ? AND lease = ?",
        (
            attempt.number,
            attempt.status,
            due_at_ms,
            ending is not None,
            ending is not None,
            ending.reason if ending is not None else None,
            *_held(leased),
        ),
    )
    if held.rowcount != 1:
        return False
    run.execute(
        "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            leased.position,
            leased.kind,
            attempt.number,
            attempt.at_ms,
            attempt.took_ms,
            attempt.status,
            attempt.outcome,
        ),
    )
    return True


def put_off(run: sqlite3.Connection, leased: Leased, due_at_ms: int) -> None:
    """Only by who holds the lease, and has not given it back with an attempt."""
    run.execute(
        "UPDATE outbox SET leased = 0, due_at_ms = ? "
        "WHERE position = ? AND kind = ? AND lease = ? AND leased = 1",
        (due_at_ms, *_held(leased)),
    )


def remove(run: sqlite3.Connection, leased: Leased, now_ms: int) -> None:
    """Only by who holds the lease; attempts that are old enough go with it, a few at a time."""
    run.execute("DELETE FROM outbox WHERE position = ? AND kind = ? AND lease = ?", _held(leased))
    run.execute(
        "DELETE FROM attempts WHERE (position, kind, number) IN (SELECT position, kind, number "
        "FROM attempts WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
        (now_ms - ATTEMPTS_KEPT_MS, ATTEMPTS_FORGOTTEN_PER_REMOVE),
    )


def _held(leased: Leased) -> tuple[int, str, int]:
    return leased.position, leased.kind, leased.lease


def _lease(run: sqlite3.Connection, position: int, kind: DeliveryKind, until_ms: int) -> Leased:
    """A leased delivery falls due again when its lease expires."""
    stream, tenant, lane, lease, created_at_ms, attempts, status, ended, reason = run.execute(
        "UPDATE outbox SET leased = 1, lease = lease + 1, due_at_ms = ? "
        "WHERE position = ? AND kind = ? "
        "RETURNING stream, tenant, lane, lease, created_at_ms, attempts, status, ended, reason",
        (until_ms, position, kind),
    ).fetchone()
    return Leased(
        position=position,
        kind=kind,
        stream=stream,
        tenant=tenant,
        lane=lane,
        lease=lease,
        created_at_ms=created_at_ms,
        attempts=attempts,
        status=status,
        ending=Ending(reason=reason) if ended else None,
    )


def _next_due(run: sqlite3.Connection, slots: Slots) -> int | None:
    if slots.free <= 0:
        return None
    found = run.execute(
        "SELECT due_at_ms FROM outbox WHERE tenant NOT IN (SELECT value FROM json_each(?)) "
        "AND lane NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at_ms LIMIT 1",
        _full(slots),
    ).fetchone()
    return None if found is None else int(found[0])


def _full(slots: Slots) -> tuple[str, str]:
    """The tenants and the lanes without room, for `json_each`."""
    return json.dumps(slots.full_tenants()), json.dumps(slots.full_lanes())
