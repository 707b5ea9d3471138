"""Lines of what waits for a turn of the event loop, and who is first in them."""

from __future__ import annotations

import asyncio

from stenolog.bootstrap.http.lines import OLDEST_SHARE, NewestFirst
from stenolog.bootstrap.http.most_ahead import STEP_BYTES, MostAhead
from stenolog.bootstrap.http.paced import Paced
from stenolog.bootstrap.http.reading import LEAST_PER_TURN, PIECES_PER_TURN, ReadingTurns


class Reads:
    """A connection that has so many pieces to be parsed."""

    def __init__(self, pieces: int, *, was_heard: bool) -> None:
        self.left, self.was_heard, self.held = pieces, was_heard, False

    def parse(self, pieces_max: int) -> int:
        pieces = min(pieces_max, self.left)
        self.left -= pieces
        return pieces

    def hold(self) -> None:
        self.held = True


def parsed(readers: list[Reads]) -> int:
    return sum(not reader.left for reader in readers)


def test_the_newest_is_first_and_some_of_the_oldest_go_with_it() -> None:
    line: NewestFirst[int] = NewestFirst()
    for number in range(20):
        line.add(number)
    assert list(line.taken(8)) == [0, 1, 19, 18, 17, 16, 15, 14]
    assert len(list(line.taken(100))) == 12
    assert not line


def test_nobody_waits_for_ever_where_more_come_than_are_taken() -> None:
    line: NewestFirst[int] = NewestFirst()
    line.add(-1)
    for turn in range(10):
        for number in range(10):
            line.add(turn * 10 + number)
        if -1 in line.taken(OLDEST_SHARE):
            return
    raise AssertionError("the first one waits still")


def test_who_has_most_ahead_is_known_whatever_changes() -> None:
    ahead: MostAhead[str] = MostAhead()
    assert ahead.first() is None
    ahead.note("a", 3 * STEP_BYTES)
    ahead.note("b", 5 * STEP_BYTES)
    ahead.note("c", 1)
    assert ahead.first() == "b"
    ahead.note("b", 0)
    assert ahead.first() == "a"
    ahead.note("c", 90 * STEP_BYTES)
    assert ahead.first() == "c"
    for member in "abc":
        ahead.note(member, 0)
    assert ahead.first() is None


async def test_few_pieces_are_parsed_in_a_turn_and_no_line_keeps_another_out() -> None:
    turns = ReadingTurns()
    new = [Reads(1, was_heard=False) for _ in range(100)]
    heard = [Reads(1, was_heard=True) for _ in range(100)]
    ahead = [Reads(1, was_heard=True) for _ in range(100)]
    for one in ahead:
        turns.later(one, is_ahead=True)
    for fresh, old in zip(new, heard, strict=True):
        turns.came(old)
        turns.came(fresh)
    assert parsed(new) + parsed(heard) == PIECES_PER_TURN
    assert turns.is_over
    assert new[-1].held
    before = [parsed(line) for line in (new, heard, ahead)]
    await asyncio.sleep(0)
    after = [parsed(line) for line in (new, heard, ahead)]
    assert sum(after) - sum(before) == PIECES_PER_TURN
    assert after[1] - before[1] == after[2] - before[2] == LEAST_PER_TURN
    assert not new[-1].left, "the newest is first"
    for _ in range(300 // PIECES_PER_TURN):
        await asyncio.sleep(0)
    assert parsed(new) == parsed(heard) == parsed(ahead) == 100


async def test_one_that_reads_without_end_leaves_the_others_their_turns() -> None:
    turns = ReadingTurns()
    endless, other = Reads(10_000, was_heard=True), Reads(1, was_heard=True)
    turns.came(endless)
    turns.came(other)
    assert not other.left


async def test_so_many_bytes_go_in_a_turn_in_the_order_of_asking() -> None:
    paced, went = Paced(100), list[int]()

    async def go(number: int) -> None:
        await paced.wait(60)
        went.append(number)

    tasks = [asyncio.create_task(go(number)) for number in range(7)]
    await asyncio.sleep(0)
    assert went == [0, 1], "the last of a turn may exceed it"
    tasks[2].cancel()
    seen = []
    while len(went) < 6:
        await asyncio.sleep(0)
        seen.append(len(went))
    assert went == [0, 1, 3, 4, 5, 6]
    assert max(after - before for before, after in zip([2, *seen], seen, strict=False)) == 2
