"""Add pending deliveries to the outbox, within its limits."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

from stenolog.delivery.limits import OutboxLimits
from stenolog.delivery.outbox import Pending
from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint

FAN_OUT = "fan-out"
ATTEMPTS_FORGOTTEN_FOR_ROOM = 1_000  # more than what is added with it takes
# Those of a tenant that are over its share: their ends are recorded whatever its receivers do.
OVER_LANE = ""
# SQLite takes an index of some rows for a statement that names these rows in the index's own words.
OF_ENDPOINT = "endpoint <> '' AND endpoint = ?"
QUEUED_MS = 1 << 62  # never: it is made due when it is the first of its transcription


def add(
    run: sqlite3.Connection,
    pending: Sequence[Pending],
    after: int,
    to: Checkpoint,
    limits: OutboxLimits,
) -> int:
    """Write rows and checkpoint together; return how many rows were over their tenant's share.

    Raises:
        StoreUnavailable: The checkpoint is not at `after`, or there is no room.
    """
    if pending:
        check_room(run, len(pending), limits)
    moved = run.execute(
        "UPDATE checkpoints SET position = ?, event_id = ? WHERE reader = ? AND position = ?",
        (to.position, to.event_id, FAN_OUT, after),
    )
    if moved.rowcount != 1:
        raise StoreUnavailable("work.db: the checkpoint is not where it was")
    shares = Counter({tenant: pending_of(run, tenant) for tenant in {p.tenant for p in pending}})
    over = 0
    for one in pending:
        shares[one.tenant] += 1
        ended = shares[one.tenant] > limits.per_tenant
        over += ended
        insert(run, one, ended=ended)
    return over


def insert(run: sqlite3.Connection, one: Pending, *, ended: bool = False) -> None:
    """Write one row; `ended` when it is over its tenant's share.

    One that is ordered waits while there is another for its endpoint about the same transcription.
    """
    queued = (
        one.ordered
        and run.execute(
            f"SELECT 1 FROM outbox WHERE {OF_ENDPOINT} AND stream = ? LIMIT 1",  # noqa: S608  ours
            (one.endpoint, one.stream),
        ).fetchone()
    )
    run.execute(
        "INSERT OR IGNORE INTO outbox (position, kind, stream, tenant, lane, created_at_ms, "
        "due_at_ms, ended, reason, endpoint, round, previous, queued) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            one.position,
            one.kind,
            one.stream,
            one.tenant,
            OVER_LANE if ended else one.lane,
            one.created_at_ms,
            QUEUED_MS if queued else one.created_at_ms,
            ended,
            "exhausted" if ended else None,
            one.endpoint,
            one.round,
            one.previous,
            bool(queued),
        ),
    )


def check_room(run: sqlite3.Connection, more: int, limits: OutboxLimits) -> None:
    """Return when that many may be added.

    Raises:
        StoreUnavailable: They may not.
    """
    [(count,)] = run.execute("SELECT coalesce(sum(pending), 0) FROM tenants")
    if count + more > limits.deliveries:
        raise StoreUnavailable(
            f"work.db: {count} deliveries are pending, {limits.deliveries} may be; the log keeps "
            "what comes, and it is delivered when some of these have ended"
        )
    [(used_bytes,)] = run.execute(
        "SELECT (page_count - freelist_count) * page_size "
        "FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
    )
    if used_bytes >= limits.size_bytes and not _forget_attempts(run):
        raise StoreUnavailable(
            f"work.db: deliveries and attempts take {used_bytes} bytes, {limits.size_bytes} they "
            "may; the log keeps what comes, and it is delivered when some of these have ended"
        )


def _forget_attempts(run: sqlite3.Connection) -> int:
    """Make room of the oldest attempts: they tell why, and no delivery waits for that."""
    forgotten = run.execute(
        "DELETE FROM attempts WHERE (position, kind, endpoint, round, number) IN (SELECT position, "
        "kind, endpoint, round, number FROM attempts ORDER BY at_ms LIMIT ?)",
        (ATTEMPTS_FORGOTTEN_FOR_ROOM,),
    )
    return forgotten.rowcount


def pending_of(run: sqlite3.Connection, tenant: str) -> int:
    """Count what a tenant has pending."""
    row = run.execute("SELECT pending FROM tenants WHERE tenant = ?", (tenant,)).fetchone()
    return 0 if row is None else int(row[0])
