"""Slots for one kind of request: tenants take turns; a probe is the one tried least recently."""

from __future__ import annotations

from typing import Any

from stenolog.bootstrap.providers import CONNECTIONS_MAX
from stenolog.providers.facts import ProviderFacts
from stenolog.reconciler.actions import Fetch
from stenolog.reconciler.breaker import FIRST_MS, Breaker
from stenolog.reconciler.gates import Gates, ProviderGate
from stenolog.reconciler.pool import STALE_MIN, Pool, Wanted
from stenolog.reconciler.pools import SLOTS as SLOTS_OF
from stenolog.reconciler.pools import Pools
from tests.reconciler.memory_provider import MemoryProvider
from tests.unit.commands.stories import REQUESTED, accepted, claimed, told

SLOTS = 8


def test_every_slot_has_a_connection() -> None:
    assert sum(SLOTS_OF.values()) < CONNECTIONS_MAX


def pool(breaker: Breaker | None = None) -> Pool:
    return Pool(SLOTS, breaker, lambda: None)


def one(name: str, tried_ms: int = 0, position: int = 0) -> Wanted:
    return Wanted(tried_ms=tried_ms, position=position, id=name)


def open_breaker(at_ms: int = 0) -> Breaker:
    breaker = Breaker(lambda: 1.0)
    breaker.failed(at_ms + 1, at_ms + 1)
    return breaker


def test_a_tenant_leaves_slots_for_others_and_gets_them_when_nobody_else_wants() -> None:
    it = pool()
    admitted = [it.admit(one(f"a{n}", position=n), "a", 0) for n in range(SLOTS)]
    assert admitted == [True] * 6 + [False] * 2
    assert it.next_ms() is None
    assert not it.admit(one("b1"), "b", 0)  # others wait, so it waits for its turn, which is next
    assert it.next_ms() == 0
    assert it.take(0) == "b1"
    assert it.take(0) is None
    it.leave("a0")
    assert it.take(0) == "a6"


def test_tenants_take_turns_and_each_one_s_oldest_is_first() -> None:
    it = pool()
    for n in range(SLOTS):
        it.admit(one(f"a{n}"), f"holder-{n}", 0)
    assert it.running_count == SLOTS
    for n in range(3):
        it.admit(one(f"b{n}", position=-n), "b", 0)
        it.admit(one(f"c{n}", position=n), "c", 0)
    served = []
    for n in range(6):
        it.leave(f"a{n}")
        served.append(it.take(0))
    assert served == ["b2", "c0", "b1", "c1", "b0", "c2"]


def test_a_lane_that_is_held_lets_nobody_go_before() -> None:
    it = pool()
    it.hold(500)
    assert not it.admit(one("a"), "a", 499)
    assert it.next_ms() == 500
    assert it.take(499) is None
    assert it.take(500) == "a"


def test_how_long_the_first_one_has_waited_is_known() -> None:
    it = pool()
    it.hold(10_000)
    assert it.waited_ms(5) == 0
    it.admit(one("a"), "a", 100)
    it.admit(one("b"), "b", 300)
    it.admit(one("a"), "a", 400)
    assert it.waited_ms(1_000) == 900
    it.forget("a")
    assert it.waited_ms(1_000) == 700


def test_what_waits_twice_goes_once_and_what_is_forgotten_not_at_all() -> None:
    it = pool()
    it.hold(10)
    for _ in range(3):
        it.admit(one("a"), "a", 0)
    it.admit(one("b"), "b", 0)
    it.forget("b")
    assert it.waiting_count == 1
    assert [it.take(10), it.take(10)] == ["a", None]


def test_waiting_and_being_forgotten_for_ever_costs_no_memory() -> None:
    it = pool()
    it.hold(10)
    it.admit(one("first"), "a", 0)
    for _ in range(10_000):
        it.admit(one("a", position=1), "a", 0)
        it.forget("a")
    assert sum(len(waiting) for waiting in it._waiting.values()) <= STALE_MIN + 3


def test_while_the_breaker_is_open_one_at_a_time_probes() -> None:
    it = pool(open_breaker())
    for name in "abc":
        assert not it.admit(one(name), name, 1)
    assert it.next_ms() == 1 + FIRST_MS
    assert it.take(FIRST_MS) is None
    assert it.take(1 + FIRST_MS) == "a"
    assert it.next_ms() is None
    assert it.take(1 + FIRST_MS) is None
    it.leave("a")
    assert it.take(1 + FIRST_MS) == "b"


def test_a_lane_is_blocked_while_not_even_a_probe_may_go() -> None:
    it = pool(open_breaker())
    assert it.blocked(FIRST_MS)
    assert not it.blocked(1 + FIRST_MS)
    assert it.admit(one("probe"), "a", 1 + FIRST_MS)
    assert it.blocked(1 + FIRST_MS)
    it.leave("probe")
    it.hold(9_000)
    assert (it.blocked(8_999), pool().blocked(0)) == (True, False)


def test_a_probe_is_the_one_tried_least_recently_whoever_asked_first() -> None:
    it = pool(open_breaker())
    it.admit(one("refused-1", tried_ms=50, position=1), "a", 0)
    it.admit(one("refused-2", tried_ms=40, position=2), "a", 0)
    it.admit(one("good", tried_ms=0, position=3), "b", 0)
    assert it.take(10_000) == "good"
    it.leave("good")
    assert it.take(10_000) == "refused-2"


def test_a_probe_that_closed_the_breaker_does_not_keep_the_next_one_from_probing() -> None:
    breaker = open_breaker()
    it = pool(breaker)
    assert it.admit(one("slow"), "a", 10_000)
    breaker.reached()
    assert it.admit(one("other"), "b", 10_000)
    breaker.failed(10_001, 10_002)
    assert it.admit(one("probe"), "c", 60_000)


def test_among_equals_a_probe_is_the_tenant_s_whose_turn_it_is() -> None:
    it = pool(open_breaker())
    for n in range(5):
        it.admit(one(f"a{n}", position=n), "a", 0)
    it.admit(one("b", position=9), "b", 0)
    first = it.take(10_000)
    it.leave(str(first))
    assert {first, it.take(10_000)} == {"a0", "b"}


def test_a_breaker_that_lets_somebody_go_earlier_stirs_who_waits() -> None:
    breaker, stirred = open_breaker(), [0]

    def stir() -> None:
        stirred[0] += 1

    it = Pool(SLOTS, breaker, stir)
    it.admit(one("a"), "a", 1)
    begun = stirred[0]
    breaker.answered(100)
    assert stirred[0] == begun + 1
    breaker.clock_set_back()
    assert stirred[0] == begun + 2
    breaker.reached()
    breaker.succeeded()
    assert stirred[0] == begun + 3


def test_requests_that_are_spaced_begin_one_after_the_other_the_oldest_first() -> None:
    it = Pool(SLOTS, None, lambda: None, spacing_ms=50)
    assert it.admit(one("first", position=1), "a", 1_000)
    for name, tried_ms in (("late", 900), ("early", 100), ("middle", 500)):
        assert not it.admit(one(name, tried_ms=tried_ms), "a", 1_001)
    assert it.take(1_049) is None
    assert it.next_ms() == 1_050
    assert it.take(1_050) == "early"
    assert it.take(1_099) is None
    assert it.take(1_100) == "middle"
    assert it.next_ms() == 1_150


def polled(*, lists: bool) -> Pool:
    """The pool of jobs that are asked for, where there is a list, and where there is none."""
    facts = ProviderFacts(lists=lists, result_lifetime_ms=3_600_000)
    provider: Any = MemoryProvider(lambda: 0)
    gate = ProviderGate(provider, "https://gateway.example")
    gates = Gates({("assemblyai", "us"): gate}, {"assemblyai": facts})
    pools = Pools(gates, lambda state: False, polls_per_second=50)
    found = pools.of(Fetch(number=1, wake="poll"), told(REQUESTED, claimed(), accepted()))
    assert found is not None
    return found


def test_without_a_list_questions_are_so_many_a_second_and_the_oldest_job_is_first() -> None:
    it = polled(lists=False)
    assert it.admit(one("first", tried_ms=5), "a", 0)
    assert not it.admit(one("young", tried_ms=9), "a", 0)
    assert not it.admit(one("old", tried_ms=7), "a", 0)
    assert it.take(19) is None
    assert it.next_ms() == 20
    assert [it.take(20), it.take(20), it.take(40)] == ["old", None, "young"]
    listed = polled(lists=True)
    assert all(listed.admit(one(str(n)), "a", 0) for n in range(2))
