"""Write to the outbox in `work.db`, inside a transaction of its writing thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from stenolog.delivery.endpoint_rows import ATTEMPTS_OF_ENDPOINT_MAX
from stenolog.delivery.outbox import (
    ATTEMPTS_FORGOTTEN_PER_REMOVE,
    ATTEMPTS_KEPT_MS,
    Attempt,
    AttemptOutcome,
    Ending,
    Leased,
)
from stenolog.delivery.standing import Standing
from stenolog.log.checkpoint import Checkpoint
from stenolog.stores.sqlite.work.adding import FAN_OUT, OF_ENDPOINT
from stenolog.stores.sqlite.work.endpoint_statements import stand, stands

HELD = "position = ? AND kind = ? AND endpoint = ? AND round = ? AND lease = ?"
# What an attempt says of its receiver; one that crashed says nothing of it.
FAILING: frozenset[AttemptOutcome] = frozenset({"failed", "unanswered", "forbidden"})
WORKING: frozenset[AttemptOutcome] = frozenset({"delivered", "refused"})


def begin(run: sqlite3.Connection, at: Checkpoint) -> None:
    """Drop all pending deliveries, and set the checkpoint to `at`."""
    for table in ("tenants", "lanes", "outbox", "endpoints", "feeds"):
        run.execute(f"DELETE FROM {table}")  # noqa: S608  table names are ours
    run.execute("DELETE FROM attempts")
    run.execute(
        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", (FAN_OUT, at.position, at.event_id)
    )


def recover(run: sqlite3.Connection, now_ms: int) -> None:
    """End all leases: one process at a time has this file, so their holders are gone."""
    run.execute("UPDATE outbox SET leased = 0, due_at_ms = ? WHERE leased = 1", (now_ms,))


def record(
    run: sqlite3.Connection,
    leased: Leased,
    attempt: Attempt,
    due_at_ms: int | None,
    ending: Ending | None,
    judge: Callable[[Standing], Standing] | None = None,
) -> bool:
    """Write the attempt, what follows from it and what it says of its lane together."""
    assert (due_at_ms is None) != (ending is None)
    held = run.execute(
        "UPDATE outbox SET attempts = ?, status = coalesce(?, status), "  # noqa: S608  ours
        "due_at_ms = coalesce(?, due_at_ms), leased = ?, ended = ?, reason = ?, "
        "faults = faults + ?, waits_since_ms = NULL "
        f"WHERE {HELD} AND leased = 1 AND NOT ended",
        (
            attempt.number,
            attempt.status,
            due_at_ms,
            ending is not None,
            ending is not None,
            ending.reason if ending is not None else None,
            attempt.outcome == "crashed",
            *_held(leased),
        ),
    )
    if held.rowcount != 1:
        return False
    run.execute(
        "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            leased.position,
            leased.kind,
            attempt.number,
            attempt.at_ms,
            attempt.took_ms,
            attempt.status,
            attempt.outcome,
            leased.endpoint,
            leased.round,
            attempt.message_id,
            due_at_ms,
            attempt.answer,
        ),
    )
    standing = None if judge is None else stands(run, leased.lane)
    if judge is not None and standing is not None and (now := judge(standing)) != standing:
        stand(run, leased.lane, now)
    if attempt.outcome in FAILING:
        run.execute(
            "UPDATE lanes SET failing_since_ms = coalesce(failing_since_ms, ?) "
            "WHERE tenant = ? AND lane = ?",
            (attempt.at_ms, leased.tenant, leased.lane),
        )
    elif attempt.outcome in WORKING:
        run.execute(
            "UPDATE lanes SET failing_since_ms = NULL WHERE tenant = ? AND lane = ?",
            (leased.tenant, leased.lane),
        )
    return True


def put_off(
    run: sqlite3.Connection,
    leased: Leased,
    due_at_ms: int,
    fault: bool,
    waits_since_ms: int | None,
    awaits_views: bool,
) -> None:
    """Only by who holds the lease, and has not given it back with an attempt."""
    run.execute(
        "UPDATE outbox SET leased = 0, due_at_ms = ?, faults = faults + ?, "  # noqa: S608  ours
        "waits_since_ms = coalesce(?, waits_since_ms), awaits_views = ? "
        f"WHERE {HELD} AND leased = 1",
        (due_at_ms, fault, waits_since_ms, awaits_views, *_held(leased)),
    )


def remove(run: sqlite3.Connection, leased: Leased, now_ms: int) -> None:
    """Only by who holds the lease; the next one about the same transcription may go then.

    Attempts that are old enough go with it, a few at a time.
    """
    held = run.execute(f"DELETE FROM outbox WHERE {HELD}", _held(leased))  # noqa: S608  as above
    if leased.endpoint and held.rowcount:
        following = run.execute(
            f"SELECT position, kind, endpoint, round FROM outbox WHERE {OF_ENDPOINT} "  # noqa: S608  ours
            "AND stream = ? ORDER BY position, round LIMIT 1",
            (leased.endpoint, leased.stream),
        ).fetchall()
        run.executemany(
            "UPDATE outbox SET queued = 0, due_at_ms = ? WHERE position = ? AND kind = ? "
            "AND endpoint = ? AND round = ? AND queued = 1",
            [(now_ms, *one) for one in following],
        )
        run.execute(
            "DELETE FROM attempts WHERE endpoint <> '' AND endpoint = ?1 AND at_ms <= ("
            "SELECT at_ms FROM attempts WHERE endpoint <> '' AND endpoint = ?1 "
            "ORDER BY at_ms DESC LIMIT 1 OFFSET ?2)",
            (leased.endpoint, ATTEMPTS_OF_ENDPOINT_MAX),
        )
    run.execute(
        "DELETE FROM attempts WHERE (position, kind, endpoint, round, number) IN (SELECT position, "
        "kind, endpoint, round, number FROM attempts WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
        (now_ms - ATTEMPTS_KEPT_MS, ATTEMPTS_FORGOTTEN_PER_REMOVE),
    )


def _held(leased: Leased) -> tuple[int, str, str, int, int]:
    return leased.position, leased.kind, leased.endpoint, leased.round, leased.lease
