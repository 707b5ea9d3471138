"""What cannot go does not make the look for what can any longer, however much of it there is."""

from __future__ import annotations

import contextlib
import sqlite3

from stenolog.log.checkpoint import Checkpoint
from stenolog.log.format import UNBOUND
from stenolog.stores.sqlite.file.schema import run_step
from stenolog.stores.sqlite.work import outbox_statements as statements
from stenolog.stores.sqlite.work.schema import WORK
from stenolog.stores.sqlite.work.taking import take

PER_LANE = 4
LATER_MS = 1_000


def steps_with(due: int) -> int:
    """How many steps of SQLite's machine a look takes beside so many that are due and cannot go."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as run:
        run_step(run, WORK, 1, UNBOUND)
        statements.begin(run, Checkpoint(position=0, event_id=""))
        run.executemany(
            "INSERT INTO outbox (position, kind, stream, tenant, lane, created_at_ms, due_at_ms) "
            "VALUES (?, 'outcome', 's', ?, ?, 0, 0)",
            [(n, "a", "full") for n in range(1, due + 1)] + [(due + 1, "b", "free")],
        )
        busy = take(run, 0, LATER_MS, (), PER_LANE, PER_LANE).leases[:PER_LANE]
        busy = tuple(one for one in busy if one.tenant == "a")
        assert busy
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        run.set_progress_handler(count, 1)
        taken = take(run, 1, 2 * LATER_MS, busy, 64, len(busy))
        run.set_progress_handler(None, 0)
        assert [one.tenant for one in taken.leases] in ([], ["b"])
        return counted


def test_a_receiver_that_is_down_for_days_makes_no_look_slower() -> None:
    assert steps_with(2_000) < 1.5 * steps_with(20)
