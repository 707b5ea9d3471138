"""What one endpoint costs does not grow with what others have pending."""

from __future__ import annotations

import contextlib
import sqlite3

from stenolog.delivery.endpoint_rows import EndpointRow, Feed
from stenolog.delivery.limits import OutboxLimits
from stenolog.delivery.outbox import Attempt, Ending, Pending
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.format import UNBOUND
from stenolog.stores.sqlite.file.schema import run_step
from stenolog.stores.sqlite.work import endpoint_statements, outbox_statements
from stenolog.stores.sqlite.work.schema import WORK
from stenolog.stores.sqlite.work.taking import take

LATER_MS = 60_000
NEVER_MS = 1 << 50


def steps_with(others: int) -> int:
    """How many steps of SQLite's machine a delivery takes beside so many rows of others."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as run:
        run_step(run, WORK, 1, UNBOUND)
        outbox_statements.begin(run, Checkpoint(position=0, event_id=""))
        run.executemany(
            "INSERT INTO outbox (position, kind, stream, tenant, lane, created_at_ms, due_at_ms) "
            "VALUES (?, 'outcome', 's', 'other', 'other', 0, ?)",
            [(number, NEVER_MS) for number in range(others)],
        )
        run.executemany(
            "INSERT INTO attempts (position, kind, number, at_ms, took_ms, outcome) "
            "VALUES (?, 'outcome', 1, ?, 1, 'failed')",
            [(number, number) for number in range(others)],
        )
        feed = Feed(endpoint="e", round=0, position=0)
        row = EndpointRow(endpoint="e", pace_ms=0, pushes=True, feeds=[feed], renewed=False)
        endpoint_statements.keep(run, [row])
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        run.set_progress_handler(count, 1)
        pending = Pending(
            position=others + 1,
            stream="s",
            tenant="t",
            lane="e",
            created_at_ms=0,
            kind="event",
            endpoint="e",
            ordered=True,
        )
        assert endpoint_statements.feed(run, [pending], feed, others + 1, False, OutboxLimits())
        (leased,) = take(run, 0, LATER_MS, (), 8, 8).leases
        attempt = Attempt(number=1, at_ms=0, took_ms=1, status=200, outcome="delivered")
        assert outbox_statements.record(run, leased, attempt, None, Ending(reason=None))
        outbox_statements.remove(run, leased, 0)
        endpoint_statements.drop(run, "e")
        run.set_progress_handler(None, 0)
        return counted


def test_many_pending_of_others_make_no_delivery_slower() -> None:
    assert steps_with(2_000) < 1.5 * steps_with(20)
