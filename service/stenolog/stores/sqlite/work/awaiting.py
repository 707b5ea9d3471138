"""Make deliveries due that wait for the views, in pages, whatever else is pending."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from stenolog.delivery.outbox import RESUMED_PER_CALL_MAX

# The index knows those that wait; nobody works on them, so none of them is leased.
FOUND = "SELECT position, kind, endpoint, round FROM outbox WHERE awaits_views = 1 AND "


def resume(run: sqlite3.Connection, now_ms: int, after: int, until: int) -> int:
    """Those that tell of an event in this part of the log, the oldest first."""
    return _resumed(run, now_ms, "position > ? AND position <= ? ORDER BY position", after, until)


def resume_streams(run: sqlite3.Connection, streams: Sequence[str], now_ms: int) -> int:
    """Those that tell of these streams, of each of which few wait."""
    return sum(_resumed(run, now_ms, "stream = ?", stream) for stream in streams)


def _resumed(run: sqlite3.Connection, now_ms: int, where: str, *given: object) -> int:
    found = run.execute(f"{FOUND}{where} LIMIT {RESUMED_PER_CALL_MAX}", given).fetchall()
    run.executemany(
        "UPDATE outbox SET awaits_views = 0, due_at_ms = min(due_at_ms, ?) "
        "WHERE position = ? AND kind = ? AND endpoint = ? AND round = ?",
        [(now_ms, *one) for one in found],
    )
    return len(found)
