"""Memory with limits: what goes first, and what never comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stenolog.bounded import BoundedMemory


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_what_was_used_least_lately_is_forgotten_first() -> None:
    memory: BoundedMemory[str, int] = BoundedMemory(2)
    memory.put("a", 1)
    memory.put("b", 2)
    assert memory.get("a") == 1
    memory.put("c", 3)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (1, None, 3)


def test_all_values_are_seen_without_a_use() -> None:
    memory: BoundedMemory[str, int] = BoundedMemory(2)
    memory.put("a", 1)
    memory.put("b", 2)
    assert memory.values() == (1, 2)
    memory.put("c", 3)
    assert memory.values() == (2, 3)


def test_a_look_whether_it_is_there_is_no_use() -> None:
    memory: BoundedMemory[str, int] = BoundedMemory(2)
    memory.put("a", 1)
    memory.put("b", 2)
    assert "a" in memory
    memory.put("c", 3)
    assert "a" not in memory


def test_a_value_that_is_put_again_takes_one_entry_and_is_the_latest() -> None:
    memory: BoundedMemory[str, int] = BoundedMemory(2)
    for value in (1, 2, 3):
        memory.put("a", value)
    memory.put("b", 4)
    assert (len(memory), memory.get("a"), memory.get("b")) == (2, 3, 4)


def test_age_counts_from_the_last_put_and_not_from_use() -> None:
    clock = Clock()
    memory: BoundedMemory[str, int] = BoundedMemory(9, age_ms_max=1_000, monotonic=clock)
    memory.put("a", 1)
    clock.now_s += 0.999
    assert memory.get("a") == 1
    clock.now_s += 0.001
    assert "a" not in memory
    assert memory.get("a") is None
    memory.put("a", 2)
    assert memory.get("a") == 2


def test_what_is_too_old_is_let_go_when_anything_is_used() -> None:
    clock = Clock()
    memory: BoundedMemory[str, int] = BoundedMemory(9, age_ms_max=1_000, monotonic=clock)
    memory.put("a", 1)
    clock.now_s += 2
    memory.get("b")
    assert len(memory) == 0
    memory.put("c", 1)
    clock.now_s += 2
    memory.put("d", 2)
    assert len(memory) == 1
    clock.now_s += 2
    assert memory.pop("d") is None


def test_bytes_are_counted_for_all_values_together() -> None:
    memory: BoundedMemory[str, bytes] = BoundedMemory(9, bytes_max=10, size_of=len)
    memory.put("a", b"12345")
    memory.put("b", b"12345")
    assert len(memory) == 2
    memory.put("c", b"1")
    assert ("a" in memory, "b" in memory, "c" in memory) == (False, True, True)


def test_a_value_that_is_too_large_by_itself_is_not_remembered() -> None:
    memory: BoundedMemory[str, bytes] = BoundedMemory(9, bytes_max=10, size_of=len)
    memory.put("a", b"x" * 11)
    assert len(memory) == 0
    memory.put("b", b"x" * 10)
    assert "b" in memory


def test_what_is_popped_is_gone_and_so_is_whatever_a_test_holds_of() -> None:
    memory: BoundedMemory[str, int] = BoundedMemory(9)
    for number, key in enumerate("abcd"):
        memory.put(key, number)
    assert (memory.pop("a"), memory.pop("a")) == (0, None)
    memory.pop_where(lambda value: value % 2 == 1)
    assert [key for key in "abcd" if key in memory] == ["c"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.binary(max_size=6))))
def test_no_limit_is_ever_passed_and_the_last_value_is_the_one_that_was_put(
    puts: list[tuple[str, bytes]],
) -> None:
    memory: BoundedMemory[str, bytes] = BoundedMemory(3, bytes_max=8, size_of=len)
    for key, value in puts:
        memory.put(key, value)
        kept = [memory.get(one) or b"" for one in "abcdef" if one in memory]
        assert len(memory) <= 3
        assert sum(map(len, kept)) <= 8
        assert memory.get(key) == value
