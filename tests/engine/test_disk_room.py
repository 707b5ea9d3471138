"""Downloads have the disk up to their budget, and every file has its turn."""

from __future__ import annotations

import pytest

from stenolog.engine.host.disk_room import (
    FREE_BYTES_ALONE_MIN,
    FREE_BYTES_MIN,
    LOOK_BYTES,
    DiskRoom,
    NoRoom,
)

PLENTY = 1 << 60


def room(bytes_max: int = 100, free_bytes: int = PLENTY) -> DiskRoom:
    return DiskRoom(bytes_max, lambda: free_bytes)


def test_files_grow_up_to_the_budget_and_the_next_byte_waits() -> None:
    disk = room()
    for job_id in ("a", "b"):
        assert disk.may_begin(job_id)
        disk.begin(job_id)
        disk.grow(job_id, 50)
    assert not disk.may_begin("c")
    with pytest.raises(NoRoom):
        disk.grow("b", 1)
    assert disk.held_bytes == 100
    disk.release("a")
    assert disk.may_begin("c")


def test_a_file_that_had_no_room_begins_again_only_where_it_gets_further() -> None:
    disk = room()
    disk.begin("a")
    disk.grow("a", 60)
    disk.begin("b")
    disk.grow("b", 30)
    with pytest.raises(NoRoom):
        disk.grow("b", 30)
    disk.put_off("b")
    assert disk.held_bytes == 60
    assert not disk.may_begin("b"), "it would meet the same end"
    assert disk.may_begin("c")
    disk.release("a")
    assert disk.may_begin("b")


def test_what_its_server_has_said_counts_for_a_file_that_begins_again() -> None:
    disk = room()
    disk.begin("a")
    disk.grow("a", 20)
    disk.begin("b")
    disk.expect("b", 90)
    assert disk.may_begin("c"), "a promise takes nothing from others"
    disk.put_off("b")
    assert not disk.may_begin("b")


def test_a_smaller_promise_does_not_make_what_it_had_forgotten() -> None:
    disk = room()
    disk.begin("a")
    disk.grow("a", 40)
    disk.begin("b")
    disk.grow("b", 60)
    with pytest.raises(NoRoom):
        disk.grow("b", 1)
    disk.expect("b", 5)
    disk.put_off("b")
    assert not disk.may_begin("b")


@pytest.mark.parametrize("alone", [True, False])
def test_what_is_to_be_left_of_the_disk_is_left_however_files_grow(alone: bool) -> None:
    floor = FREE_BYTES_ALONE_MIN if alone else FREE_BYTES_MIN
    piece, start, written = 60_000, floor + 10 * LOOK_BYTES, 0
    disk = DiskRoom(PLENTY, lambda: start - written)
    jobs = ["a"] if alone else ["a", "b", "c"]
    for job_id in jobs:
        disk.begin(job_id)
    with pytest.raises(OSError, match="left") if alone else pytest.raises(NoRoom):
        for number in range(start // piece):
            disk.grow(jobs[number % len(jobs)], piece)
            written += piece
    assert start - written >= floor
    assert written > 8 * LOOK_BYTES


def test_a_file_that_is_alone_has_room_whatever_its_size() -> None:
    disk = room(free_bytes=0)
    assert disk.may_begin("a")
    disk.begin("a")
    disk.expect("a", 1_000)
    disk.grow("a", 1_000)
    assert not disk.may_begin("b")


def test_a_disk_that_is_nearly_full_lets_one_file_in_at_a_time() -> None:
    disk = room(free_bytes=FREE_BYTES_MIN)
    disk.begin("a")
    assert not disk.may_begin("b")
    disk.release("a")
    assert disk.may_begin("b")


def test_files_that_had_no_room_do_not_begin_together_to_meet_the_same_end() -> None:
    disk = room()
    disk.begin("a")
    disk.grow("a", 40)
    for job_id in "bc":
        disk.begin(job_id)
        disk.expect(job_id, 60)
        disk.put_off(job_id)
    assert disk.may_begin("b")
    disk.begin("b")
    assert not disk.may_begin("c")
    disk.release("a")
    assert not disk.may_begin("c")
    disk.release("b")
    assert disk.may_begin("c")
