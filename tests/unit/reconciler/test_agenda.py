"""One time for each thing, the earliest first."""

from __future__ import annotations

from stenolog.reconciler.agenda import STALE_MIN, Agenda


def test_what_is_due_first_is_taken_first_and_once() -> None:
    agenda = Agenda()
    for item, due_ms in (("b", 20), ("a", 10), ("c", 30)):
        assert agenda.put(item, due_ms)
    assert agenda.next_ms() == 10
    assert agenda.due_count(20) == 2
    assert [agenda.take(20), agenda.take(20), agenda.take(20)] == ["a", "b", None]
    assert agenda.next_ms() == 30
    assert len(agenda) == 1


def test_an_earlier_time_replaces_a_later_one() -> None:
    agenda = Agenda()
    assert agenda.put("a", 20)
    assert not agenda.put("a", 30)
    assert not agenda.put("a", 20)
    assert agenda.put("a", 10)
    assert agenda.take(10) == "a"
    assert agenda.take(100) is None
    assert agenda.next_ms() is None


def test_what_was_taken_may_come_again_at_the_same_time() -> None:
    agenda = Agenda()
    agenda.put("a", 20)
    agenda.put("a", 10)
    assert agenda.take(10) == "a"
    assert agenda.put("a", 20)
    assert agenda.take(20) == "a"
    assert agenda.take(20) is None


def test_being_woken_for_ever_costs_no_memory() -> None:
    agenda = Agenda()
    agenda.put("other", 5)
    for _ in range(10_000):
        agenda.put("a", 1_000_000)
        agenda.put("a", 10)
        assert agenda.take(4) is None
        agenda.put("a", 1)
        assert agenda.take(1) == "a"
    assert len(agenda._entries) <= 2 * len(agenda) + STALE_MIN + 1
