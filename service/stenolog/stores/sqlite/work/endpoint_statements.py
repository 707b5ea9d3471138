"""Write what is kept of endpoints, inside a transaction of the writing thread of `work.db`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from stenolog.delivery.endpoint_rows import PENDING_OF_ENDPOINT_MAX, EndpointRow, Feed
from stenolog.delivery.limits import OutboxLimits
from stenolog.delivery.outbox import Pending
from stenolog.delivery.standing import Standing
from stenolog.errors import StoreUnavailable
from stenolog.stores.sqlite.work.adding import OF_ENDPOINT, check_room, insert, pending_of

OF_TENANT_PARTS = 2  # endpoints take one part of what a tenant may have pending, webhooks the other


def keep(run: sqlite3.Connection, rows: Sequence[EndpointRow]) -> None:
    """Bring the rows of these endpoints in line with what they are."""
    for row in rows:
        run.execute(
            "INSERT INTO endpoints (lane, pace_ms) VALUES (?1, ?2) "
            "ON CONFLICT DO UPDATE SET pace_ms = excluded.pace_ms",
            (row.endpoint, row.pace_ms),
        )
        if row.renewed or not row.pushes:
            stand(run, row.endpoint, Standing())
        run.executemany(
            "INSERT OR IGNORE INTO feeds (endpoint, round, position) VALUES (?, ?, ?)",
            [(one.endpoint, one.round, one.position) for one in row.feeds],
        )
        if not row.pushes:
            _end_soon(run, row.endpoint)


def drop(run: sqlite3.Connection, endpoint: str) -> None:
    """Feed it no more, and let what is pending end."""
    run.execute("DELETE FROM feeds WHERE endpoint = ?", (endpoint,))
    run.execute("DELETE FROM endpoints WHERE lane = ?", (endpoint,))
    _end_soon(run, endpoint)


def feed(
    run: sqlite3.Connection,
    pending: Sequence[Pending],
    feed: Feed,
    to: int,
    done: bool,
    limits: OutboxLimits,
) -> bool:
    """Add rows and move the feed together; False: there is no room for the endpoint's.

    Raises:
        StoreUnavailable: The feed stands elsewhere, or there is no room for anybody.
    """
    if pending:
        check_room(run, len(pending), limits)
        [(held,)] = run.execute(
            f"SELECT count(*) FROM outbox WHERE {OF_ENDPOINT}",  # noqa: S608  ours
            (feed.endpoint,),
        )
        if held + len(pending) > PENDING_OF_ENDPOINT_MAX:
            return False
        of_tenant = pending_of(run, pending[0].tenant) + len(pending)
        if of_tenant > limits.per_tenant // OF_TENANT_PARTS:
            return False
    moved = run.execute(
        "UPDATE feeds SET position = ?, done = ? WHERE endpoint = ? AND round = ? AND position = ?",
        (to, done, feed.endpoint, feed.round, feed.position),
    )
    if moved.rowcount != 1:
        raise StoreUnavailable("work.db: the place of an endpoint is not where it was")
    for one in pending:
        insert(run, one)
    return True


def stand(run: sqlite3.Connection, lane: str, standing: Standing) -> None:
    """Write down how an endpoint answers."""
    run.execute(
        "UPDATE endpoints SET failures = ?, failed_at_ms = ?, failing_since_ms = ?, "
        "gone_since_ms = ?, until_ms = ? WHERE lane = ?",
        (
            standing.failures,
            standing.failed_at_ms,
            standing.failing_since_ms,
            standing.gone_since_ms,
            standing.until_ms,
            lane,
        ),
    )


STANDING = (
    "SELECT failures, failed_at_ms, failing_since_ms, gone_since_ms, until_ms FROM endpoints "
    "WHERE lane = ?"
)


def stands(run: sqlite3.Connection, lane: str) -> Standing | None:
    """Read how an endpoint answers; None: it was deleted, or the lane is no endpoint's."""
    return standing_of(run.execute(STANDING, (lane,)).fetchone())


def standing_of(row: Sequence[Any] | None) -> Standing | None:
    """Return what a row of `STANDING` says."""
    if row is None:
        return None
    failures, failed_at_ms, failing_since_ms, gone_since_ms, until_ms = row
    return Standing(
        failures=failures,
        failed_at_ms=failed_at_ms,
        failing_since_ms=failing_since_ms,
        gone_since_ms=gone_since_ms,
        until_ms=until_ms,
    )


def _end_soon(run: sqlite3.Connection, endpoint: str) -> None:
    """Make what is pending due, but for what is under way or waits behind another: each ends."""
    run.execute(
        "UPDATE outbox SET due_at_ms = created_at_ms "  # noqa: S608  ours
        f"WHERE {OF_ENDPOINT} AND queued = 0 AND leased = 0 AND due_at_ms > created_at_ms",
        (endpoint,),
    )
