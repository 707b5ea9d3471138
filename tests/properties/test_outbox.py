"""What is taken from the outbox is all that can go, whatever was done to it before."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.delivery.limits import OutboxLimits
from stenolog.delivery.outbox import Attempt, Ending, Leased, Pending, Taken
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.format import UNBOUND
from stenolog.stores.sqlite.file.schema import run_step
from stenolog.stores.sqlite.work import adding, awaiting
from stenolog.stores.sqlite.work import outbox_statements as statements
from stenolog.stores.sqlite.work.schema import WORK
from stenolog.stores.sqlite.work.taking import take

AT_ONCE, PER_LANE, LEASE_MS = 6, 2, 50
TENANTS, LANES = ("a", "b", "c"), ("x", "y", "z")
COST_MORE_MAX = 1.3  # of steps of SQLite's machine: a tree of a hundred times the rows is deeper

Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "add", "take", "retry", "put_off", "resume", "end", "remove", "recover"]
        ),
        st.integers(0, 8),
        st.integers(0, 100),
    ),
    max_size=40,
)


@contextlib.contextmanager
def outbox() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as run:
        for number in range(1, len(WORK.steps) + 1):
            run_step(run, WORK, number, UNBOUND)
        statements.begin(run, Checkpoint(position=0, event_id=""))
        yield run


def add(run: sqlite3.Connection, position: int, tenant: str, lane: str, due_at_ms: int) -> None:
    owed = Pending(
        position=position,
        stream=f"transcription-{position}",
        tenant=tenant,
        lane=f"{tenant}-{lane}",
        created_at_ms=due_at_ms,
    )
    to = Checkpoint(position=position, event_id=str(position))
    adding.add(run, [owed], after=position - 1, to=to, limits=OutboxLimits())


class Played:
    """An outbox, and who works on what of it."""

    def __init__(self, run: sqlite3.Connection) -> None:
        self.run = run
        self.busy: list[Leased] = []
        self.position = 0
        self.now_ms = 0

    def play(self, step: Step) -> None:
        what, which, ms = step
        self.now_ms += ms // 4
        if what == "add":
            self.position += 1
            lane = LANES[which // len(TENANTS)]
            add(self.run, self.position, TENANTS[which % 3], lane, self.now_ms + ms)
        elif what == "take":
            self.take()
        elif what == "resume":
            awaiting.resume(self.run, self.now_ms, after=0, until=which + ms)
        elif what == "recover":
            self.busy.clear()
            statements.recover(self.run, self.now_ms)
        elif self.busy:
            self._end(what, self.busy.pop(which % len(self.busy)), self.now_ms + ms)

    def _end(self, what: str, leased: Leased, due_at_ms: int) -> None:
        number = leased.attempts + 1
        attempt = Attempt(number=number, at_ms=0, took_ms=0, status=500, outcome="failed")
        if what == "retry":
            statements.record(self.run, leased, attempt, due_at_ms, None)
        elif what == "put_off":
            statements.put_off(
                self.run, leased, due_at_ms, bool(number % 2), None, bool(number % 3)
            )
        elif what == "end":
            statements.record(self.run, leased, attempt, None, Ending(reason="exhausted"))
        else:
            statements.remove(self.run, leased, self.now_ms)

    def take(self) -> None:
        before = list(self.busy)
        taken = take(self.run, self.now_ms, self.now_ms + LEASE_MS, self.busy, AT_ONCE, PER_LANE)
        self.busy += taken.leases
        self._check(taken, before)

    def _check(self, taken: Taken, before: list[Leased]) -> None:
        tenants = Counter(one.tenant for one in self.busy)
        lanes = Counter(one.lane for one in self.busy)
        free = AT_ONCE - len(self.busy)
        assert free >= 0
        assert len(self.busy) == len(before) + len(taken.leases)
        assert not [one for one in taken.leases if lanes[one.lane] > PER_LANE]
        rows = self.run.execute("SELECT tenant, lane, due_at_ms FROM outbox").fetchall()
        can_go = [
            due for tenant, lane, due in rows if tenants[tenant] < free and lanes[lane] < PER_LANE
        ]
        assert not [due for due in can_go if due <= self.now_ms]
        assert taken.next_due_ms == min(can_go, default=None)
        counted = self.run.execute("SELECT tenant, pending FROM tenants").fetchall()
        assert dict(counted) == Counter(tenant for tenant, _, _ in rows)

    def check_heads(self) -> None:
        """What the triggers keep is what the rows say."""
        for table, columns in (("lanes", "tenant, lane"), ("tenants", "tenant")):
            kept = self.run.execute(f"SELECT {columns}, due_at_ms FROM {table}").fetchall()
            said = self.run.execute(
                f"SELECT {columns}, min(due_at_ms) FROM outbox GROUP BY {columns}"
            ).fetchall()
            assert sorted(kept) == sorted(said)


@settings(deadline=None)
@given(STEPS)
def test_what_is_taken_is_all_that_can_go(steps: list[Step]) -> None:
    with outbox() as run:
        played = Played(run)
        for step in steps:
            played.play(step)
            played.check_heads()
        played.take()
        played.check_heads()


def test_of_a_lane_the_oldest_goes_first() -> None:
    with outbox() as run:
        for position, due_at_ms in enumerate((30, 10, 20, 10), start=1):
            add(run, position, "a", "x", due_at_ms)
        taken = take(run, 40, 100, (), 8, 3)
        assert [one.position for one in taken.leases] == [2, 4, 3]


def steps_of_a_look(run: sqlite3.Connection, busy: tuple[Leased, ...]) -> int:
    """How many steps SQLite's machine makes for one look at the outbox that takes nothing."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    run.set_progress_handler(count, 1)
    assert take(run, 10**9, 10**9, busy, 256, 32).leases == ()
    run.set_progress_handler(None, 0)
    return steps


def test_a_look_at_the_outbox_costs_the_same_whatever_cannot_go() -> None:
    """A receiver that is down for days, and a tenant with thousands of them."""
    down = tuple(leased("down", "down-x", n) for n in range(32))
    many = tuple(leased("many", f"many-busy-{n}", 100 + n) for n in range(112))
    costs = []
    for rows in (100, 10_000):
        with outbox() as run:
            run.execute("BEGIN")
            for n in range(rows):
                add(run, 2 * n + 1, "down", "x", n)
                add(run, 2 * n + 2, "many", str(n), n)
            run.execute("COMMIT")
            costs.append(steps_of_a_look(run, down + many))
    assert costs[1] < costs[0] * COST_MORE_MAX, costs


def leased(tenant: str, lane: str, position: int) -> Leased:
    return Leased(
        position=10**6 + position,
        stream="transcription-x",
        tenant=tenant,
        lane=lane,
        lease=1,
        created_at_ms=0,
    )
