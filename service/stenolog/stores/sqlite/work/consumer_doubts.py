"""Write down of consumers in `work.db` that nobody knows any more where they stand."""

from __future__ import annotations

import sqlite3

from stenolog.feed.consumers.books import Doubt


def doubt_all(run: sqlite3.Connection, doubt: Doubt) -> int:
    """Say of every consumer why nobody knows where it stands; return how many there are.

    What was taken in is forgotten; where each stood by what it had acknowledged is kept.
    """
    doubted = run.execute(
        "UPDATE consumers SET doubt = ?, taken_to = coalesce((SELECT min(position) - 1 "
        "FROM consumer_events AS open WHERE open.tenant = consumers.tenant "
        "AND open.name = consumers.name), taken_to)",
        (doubt,),
    )
    for table in ("consumer_events", "consumer_leases"):
        run.execute(f"DELETE FROM {table}")  # noqa: S608  the tables are ours
    return doubted.rowcount


def doubt_older(run: sqlite3.Connection, changes: int) -> int:
    """Doubt all, and count changes from here on."""
    run.execute("UPDATE consumer_changes SET count = max(count, ?)", (changes,))
    return doubt_all(run, "older")
