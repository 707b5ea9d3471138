"""Turns against every order of asking, starting, ending and failing."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.reconciler.turns import LOOK_AGAIN_MS, Turns

TENANTS = ("a", "b")
COUNT = 8
RUNS = (Submission(number=1, claimed_at_ms=0, outcome="accepted"),)


class Counter:
    """A lane that is blocked, or not."""

    def __init__(self) -> None:
        self.closed = False

    def blocked(self, now_ms: int) -> bool:
        return self.closed


class Desk:
    """Transcriptions as the log has them, and the turns that follow from it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.woken: list[str] = []
        self.now_ms = 0
        self.turns = Turns(limit, self.woken.append, lambda: self.now_ms)
        self.counters = Counter(), Counter()
        self.states = {
            str(n): Transcription(
                id=str(n), tenant=TENANTS[n % 2], version=1, request_position=n + 1
            )
            for n in range(COUNT)
        }
        self.asked: set[str] = set()

    def running(self, tenant: str) -> list[str]:
        """Who has a job, by the log."""
        return [s.id for s in self.states.values() if s.tenant == tenant and s.running]

    def wants(self, one: str) -> bool:
        """Whether it has no job and is not over."""
        return not self.states[one].terminal and not self.states[one].running

    def look(self, one: str, starts: bool) -> None:
        """The reconciler looks at it: it is submitted if it may be, and that works or not."""
        state = self.states[one]
        if not self.wants(one):
            self.turns.note(state)
            return
        self.asked.add(one)
        counter = self.counters[int(one) // 2 % 2]
        if counter.closed:
            self.turns.note(state)
            return
        if not self.turns.admit(state, counter):
            return
        if starts:
            self.asked.discard(one)
            state = self.states[one] = replace(state, submissions=RUNS, status="processing")
        self.turns.note(state)

    def end(self, one: str) -> None:
        """Its job ends, or it is erased while it waits."""
        self.states[one] = replace(self.states[one], status="completed")
        self.turns.note(self.states[one])

    def settle(self) -> None:
        """A second later, whoever was woken is looked at, and everything works."""
        self.now_ms += LOOK_AGAIN_MS
        self.turns.look_again()
        while self.woken:
            self.look(self.woken.pop(0), starts=True)


happenings = st.lists(
    st.tuples(
        st.sampled_from(["look", "look", "refused", "end", "settle", "close", "open"]),
        st.integers(0, COUNT - 1),
    ),
    max_size=60,
)


@given(st.integers(1, 3), happenings)
def test_no_tenant_runs_more_and_nobody_waits_beside_a_free_turn(
    limit: int, story: list[tuple[str, int]]
) -> None:
    desk = Desk(limit)
    desk.turns.open()
    for what, number in story:
        match what:
            case "look":
                desk.look(str(number), starts=True)
            case "refused":
                desk.look(str(number), starts=False)
            case "end":
                desk.end(str(number))
            case "close" | "open":
                desk.counters[number % 2].closed = what == "close"
            case _:
                desk.settle()
        for tenant in TENANTS:
            assert len(desk.running(tenant)) <= limit
    for counter in desk.counters:
        counter.closed = False
    # Those that were refused come back by themselves; then everybody has a turn in the end.
    for _ in range(COUNT):
        for one in sorted(desk.asked, key=int):
            desk.look(one, starts=True)
        desk.settle()
        for tenant in TENANTS:
            waits = [o for o in desk.asked if desk.states[o].tenant == tenant and desk.wants(o)]
            assert not waits or len(desk.running(tenant)) == limit
            for one in desk.running(tenant):
                desk.end(one)
    desk.settle()
    assert not [one for one in desk.asked if desk.wants(one)]
    assert not [tenant for tenant in TENANTS if asyncio.run(desk.turns.any_waiting(tenant))]


@given(st.integers(1, 3), st.permutations(range(COUNT)))
def test_turns_come_in_the_order_of_the_requests(limit: int, order: list[int]) -> None:
    desk = Desk(limit)
    for number in order:
        desk.look(str(number), starts=True)
        assert not desk.running("a")
        assert not desk.running("b")
    desk.turns.open()
    served: list[str] = []
    while desk.woken:
        one = desk.woken.pop(0)
        served.append(one)
        desk.look(one, starts=True)
        desk.end(one)
    for tenant in (0, 1):
        mine = [int(one) for one in served if int(one) % 2 == tenant]
        assert mine == sorted(mine)
        assert len(mine) == COUNT // 2


def test_without_a_limit_everybody_is_admitted_and_nothing_is_kept() -> None:
    desk = Desk(0)
    for number in range(COUNT):
        desk.look(str(number), starts=True)
    assert len(desk.running("a")) == COUNT // 2
    assert not asyncio.run(desk.turns.any_waiting("a"))
    assert not asyncio.run(desk.turns.waiting_of([*desk.states]))
    assert desk.woken == []


def test_who_is_held_back_keeps_no_turn_from_who_may_go_elsewhere() -> None:
    desk = Desk(1)
    desk.turns.open()
    assert desk.turns.admit(desk.states["0"], desk.counters[0])
    for one in ("4", "2", "6"):  # "4" goes where "0" does
        desk.look(one, starts=True)
    desk.counters[0].closed = True
    desk.look("0", starts=True)
    assert desk.woken == ["2"]
    desk.settle()
    desk.end("2")
    assert desk.woken == ["6"]
    desk.settle()
    desk.counters[0].closed = False
    desk.look("0", starts=True)
    assert desk.running("a") == ["6"]
    desk.end("6")
    assert desk.woken == ["0"]
    desk.settle()
    desk.end("0")
    assert desk.woken == ["4"]


def test_a_turn_that_nobody_could_use_is_given_once_a_lane_is_open_again() -> None:
    desk = Desk(1)
    desk.turns.open()
    desk.look("2", starts=True)
    desk.look("0", starts=True)
    desk.counters[0].closed = True
    desk.end("2")
    assert desk.woken == []
    desk.counters[0].closed = False
    desk.settle()
    assert desk.running("a") == ["0"]


def test_who_is_through_needs_a_free_turn_alone() -> None:
    """It probes its lane, which is blocked for all others because of that."""
    desk = Desk(1)
    desk.turns.open()
    probe, other = desk.states["0"], desk.states["2"]
    desk.counters[0].closed = True
    assert not desk.turns.admit(probe, desk.counters[0])
    assert desk.turns.unused
    assert desk.turns.admit(probe, desk.counters[0], through=True)
    assert (desk.turns.unused, desk.turns.waiting_count) == (False, 0)
    assert not desk.turns.admit(other, desk.counters[1], through=True)
