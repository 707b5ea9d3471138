"""Write to the books of named consumers in `work.db`, inside a transaction of its thread."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from stenolog.feed.consumers.books import (
    CONSUMERS_MAX,
    CONSUMERS_PER_TENANT_MAX,
    OPEN_MAX,
    Claim,
    Claimed,
    HeldByWorkers,
    LeaseEnded,
    Open,
    TakenIn,
    TooManyConsumers,
)
from stenolog.feed.consumers.choosing import choose

OPEN = "position, stream, previous, lease, until_ms, attempts"
REPEATED_MS = 10_000  # an acknowledgement of all may be repeated for so long
ENDED = "This lease has ended: what it held may be with another worker; claim anew"


def put(
    run: sqlite3.Connection,
    tenant: str,
    name: str,
    types: frozenset[str] | None,
    *,
    epoch: str,
    begin_at: int,
    now_ms: int,
) -> bool:
    """Make the consumer or change what it wants; raises as `ConsumerBooks.put`."""
    stored = None if types is None else json.dumps(sorted(types))
    changed = run.execute(
        "UPDATE consumers SET types = ? WHERE tenant = ? AND name = ?", (stored, tenant, name)
    )
    if changed.rowcount:
        return False
    [(own, all_of_them)] = run.execute(
        "SELECT (SELECT count(*) FROM consumers WHERE tenant = ?), "
        "(SELECT count(*) FROM consumers)",
        (tenant,),
    )
    if own >= CONSUMERS_PER_TENANT_MAX or all_of_them >= CONSUMERS_MAX:
        raise TooManyConsumers(
            f"A tenant has at most {CONSUMERS_PER_TENANT_MAX} consumers, and all tenants together "
            f"{CONSUMERS_MAX}: delete one that is not used any more"
        )
    run.execute(
        "INSERT INTO consumers VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (tenant, name, stored, epoch, begin_at, now_ms),
    )
    return True


def remove(run: sqlite3.Connection, tenant: str, name: str) -> bool:
    """Forget it and all that it holds."""
    _end_all(run, tenant, name)
    removed = run.execute("DELETE FROM consumers WHERE tenant = ? AND name = ?", (tenant, name))
    return removed.rowcount > 0


def claim(
    run: sqlite3.Connection, tenant: str, name: str, asked: Claim, taken: TakenIn | None
) -> Claimed | None:
    """Take in, and lease what can go."""
    taken_to = _taken_to(run, tenant, name)
    if taken_to is None:
        return None
    run.execute(
        "DELETE FROM consumer_leases WHERE tenant = ? AND name = ? AND until_ms <= ?",
        (tenant, name, asked.now_ms),
    )
    if taken is not None and taken.after == taken_to:
        _take_in(run, tenant, name, taken)
    rows = run.execute(
        f"SELECT {OPEN} FROM consumer_events WHERE tenant = ? AND name = ? "  # noqa: S608  the columns are ours
        "ORDER BY position",
        (tenant, name),
    )
    chosen, next_ms = choose(map(open_of, rows), now_ms=asked.now_ms, limit=asked.limit)
    if not chosen:
        return Claimed(events=(), next_ms=next_ms)
    run.execute(
        "INSERT INTO consumer_leases (tenant, name, lease, until_ms) VALUES (?, ?, ?, ?)",
        (tenant, name, asked.lease, asked.until_ms),
    )
    leased = [_leased(run, tenant, name, asked, one) for one in chosen]
    return Claimed(events=leased, next_ms=next_ms)


def acknowledge_lease(
    run: sqlite3.Connection, tenant: str, name: str, lease: str, *, until: int | None, now_ms: int
) -> int:
    """Acknowledge what it holds; raises as `ConsumerBooks.acknowledge_lease`."""
    which = (tenant, name, lease)
    known = run.execute(
        "SELECT 1 FROM consumer_leases "
        "WHERE tenant = ? AND name = ? AND lease = ? AND until_ms > ?",
        (*which, now_ms),
    ).fetchone()
    if known is None:
        raise LeaseEnded(ENDED)
    done = run.execute(
        "DELETE FROM consumer_events WHERE tenant = ? AND name = ? AND lease = ? "
        "AND position <= coalesce(?, position)",
        (*which, until),
    )
    run.execute(
        "UPDATE consumer_leases SET until_ms = min(until_ms, ?4) "
        "WHERE tenant = ?1 AND name = ?2 AND lease = ?3 AND NOT EXISTS (SELECT 1 "
        "FROM consumer_events WHERE tenant = ?1 AND name = ?2 AND lease = ?3)",
        (*which, now_ms + REPEATED_MS),
    )
    _count_change(run)
    return done.rowcount


def release(
    run: sqlite3.Connection, tenant: str, name: str, lease: str, *, now_ms: int, again_at_ms: int
) -> int:
    """End the lease; raises as `ConsumerBooks.release`."""
    ended = run.execute(
        "DELETE FROM consumer_leases WHERE tenant = ? AND name = ? AND lease = ? AND until_ms > ?",
        (tenant, name, lease, now_ms),
    )
    if not ended.rowcount:
        raise LeaseEnded(ENDED)
    given_back = run.execute(
        "UPDATE consumer_events SET lease = NULL, until_ms = ? "
        "WHERE tenant = ? AND name = ? AND lease = ?",
        (again_at_ms, tenant, name, lease),
    )
    return given_back.rowcount


def acknowledge(
    run: sqlite3.Connection, tenant: str, name: str, *, until: int, now_ms: int
) -> None:
    """Acknowledge everything up to there; raises as `ConsumerBooks.acknowledge`."""
    which = (tenant, name, until)
    held = run.execute(
        "SELECT 1 FROM consumer_events WHERE tenant = ? AND name = ? AND position <= ? "
        "AND lease IS NOT NULL AND until_ms > ? LIMIT 1",
        (*which, now_ms),
    ).fetchone()
    if held is not None:
        raise HeldByWorkers(f"Workers hold events up to position {until}")
    run.execute(
        "DELETE FROM consumer_events WHERE tenant = ? AND name = ? AND position <= ?", which
    )
    run.execute(
        "UPDATE consumers SET taken_to = max(taken_to, ?3) WHERE tenant = ?1 AND name = ?2", which
    )
    _count_change(run)


def reset(run: sqlite3.Connection, tenant: str, name: str, *, to: int, epoch: str) -> bool:
    """Begin anew behind this position of the present epoch."""
    _end_all(run, tenant, name)
    moved = run.execute(
        "UPDATE consumers SET taken_to = ?, epoch = ?, doubt = NULL WHERE tenant = ? AND name = ?",
        (to, epoch, tenant, name),
    )
    _count_change(run)
    return moved.rowcount > 0


def open_of(row: Any) -> Open:
    """Return what a row of the columns `OPEN` says."""
    position, stream, previous, lease, until_ms, attempts = row
    return Open(
        position=position,
        stream=stream,
        previous=previous,
        lease=lease,
        until_ms=until_ms,
        attempts=attempts,
    )


def _taken_to(run: sqlite3.Connection, tenant: str, name: str) -> int | None:
    row = run.execute(
        "SELECT taken_to FROM consumers WHERE tenant = ? AND name = ?", (tenant, name)
    ).fetchone()
    return None if row is None else int(row[0])


def _take_in(run: sqlite3.Connection, tenant: str, name: str, taken: TakenIn) -> None:
    [(count,)] = run.execute(
        "SELECT count(*) FROM consumer_events WHERE tenant = ? AND name = ?", (tenant, name)
    )
    if count + len(taken.events) > OPEN_MAX:
        return
    run.executemany(
        "INSERT INTO consumer_events (tenant, name, position, stream, previous) "
        "VALUES (?, ?, ?, ?, ?)",
        [(tenant, name, one.position, one.stream, one.previous) for one in taken.events],
    )
    run.execute(
        "UPDATE consumers SET taken_to = ? WHERE tenant = ? AND name = ?", (taken.to, tenant, name)
    )


def _leased(run: sqlite3.Connection, tenant: str, name: str, asked: Claim, one: Open) -> Open:
    row = run.execute(
        "UPDATE consumer_events SET lease = ?, until_ms = ?, attempts = attempts + 1 "  # noqa: S608  the columns are ours
        f"WHERE tenant = ? AND name = ? AND position = ? RETURNING {OPEN}",
        (asked.lease, asked.until_ms, tenant, name, one.position),
    ).fetchone()
    return open_of(row)


def _count_change(run: sqlite3.Connection) -> None:
    run.execute("UPDATE consumer_changes SET count = count + 1")


def _end_all(run: sqlite3.Connection, tenant: str, name: str) -> None:
    for table in ("consumer_events", "consumer_leases"):
        run.execute(
            f"DELETE FROM {table} WHERE tenant = ? AND name = ?",  # noqa: S608  the tables are ours
            (tenant, name),
        )
