"""Large requests wait for each other, and what is loaded for polls is loaded once."""

from __future__ import annotations

import asyncio
import json

import pytest

from stenolog.edge.transcriptions.beside import INLINE_BYTES_MAX, BesideLoop
from stenolog.edge.transcriptions.large_turns import LargeTurns
from stenolog.edge.transcriptions.shared_loads import SharedLoads
from stenolog.errors import StoreUnavailable
from stenolog.projections.views import no_wait
from tests.house.composed import Composed
from tests.house.waiting import DEADLINE_S, until

LARGE = INLINE_BYTES_MAX + 1


class Turn:
    """A call that has its turn until it is told to end."""

    def __init__(self, turns: LargeTurns, tenant: str, size: int = LARGE) -> None:
        self.has_it = asyncio.Event()
        self._go_on = asyncio.Event()
        self.task = asyncio.create_task(self._run(turns, tenant, size))

    async def _run(self, turns: LargeTurns, tenant: str, size: int) -> None:
        async with turns.turn(tenant, size):
            self.has_it.set()
            await self._go_on.wait()

    async def end(self) -> None:
        self._go_on.set()
        await self.task


async def begun(*turns: Turn) -> None:
    async with asyncio.timeout(DEADLINE_S):
        for one in turns:
            await one.has_it.wait()


async def settled() -> None:
    """Whatever can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_as_many_have_a_turn_as_their_bytes_allow_and_small_ones_wait_for_none() -> None:
    turns = LargeTurns(no_wait, bytes_max=2 * LARGE)
    first, second, third = (Turn(turns, "a") for _ in range(3))
    await begun(first, second)
    await settled()
    assert not third.has_it.is_set()
    async with turns.turn("a", INLINE_BYTES_MAX):
        pass
    await first.end()
    await begun(third)
    await second.end()
    await third.end()


async def test_one_that_is_larger_than_all_bytes_has_its_turn_alone() -> None:
    turns = LargeTurns(no_wait, bytes_max=LARGE)
    small = Turn(turns, "a")
    await begun(small)
    large = Turn(turns, "a", 10 * LARGE)
    await settled()
    assert not large.has_it.is_set()
    await small.end()
    await begun(large)
    await large.end()


async def test_a_tenant_waits_for_one_call_of_each_other() -> None:
    turns = LargeTurns(no_wait, bytes_max=LARGE)
    running = Turn(turns, "a")
    await begun(running)
    many = [Turn(turns, "a") for _ in range(8)]
    await settled()
    other = Turn(turns, "b")
    await settled()
    await running.end()
    await begun(many[0])
    await many[0].end()
    await begun(other)
    assert [one.has_it.is_set() for one in many] == [True] + [False] * 7
    await other.end()
    for one in many[1:]:
        await begun(one)
        await one.end()


async def test_a_tenant_that_has_too_many_waiting_is_refused_and_others_are_not() -> None:
    turns = LargeTurns(no_wait, bytes_max=LARGE, waiting_max=2)
    running, *waiting = (Turn(turns, "a") for _ in range(3))
    await begun(running)
    await settled()
    with pytest.raises(StoreUnavailable, match="too many large requests"):
        async with turns.turn("a", LARGE):
            pass
    other = Turn(turns, "b")
    for one in (running, waiting[0], other, waiting[1]):
        await begun(one)
        await one.end()


async def test_who_waits_too_long_is_refused_and_keeps_nobody_out() -> None:
    turns = LargeTurns(no_wait, bytes_max=LARGE, wait_ms_max=20)
    running = Turn(turns, "a")
    await begun(running)
    with pytest.raises(StoreUnavailable, match="under way"):
        async with turns.turn("a", LARGE):
            pass
    await running.end()
    later = Turn(turns, "a")
    await begun(later)
    await later.end()


class Recorded:
    """A request in the log; counts how often it is read, and how many readings there are now."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.read = 0
        self.made = 0

    async def load(self) -> bytes:
        self.read += 1
        await asyncio.sleep(0)
        return bytes(self._size)

    def make(self, payload: bytes | None) -> int:
        self.made += 1
        return len(payload or b"")


@pytest.mark.parametrize(("size", "reads"), [(LARGE, 2), (INLINE_BYTES_MAX, 1)])
async def test_what_many_ask_for_is_read_once_for_all(size: int, reads: int) -> None:
    loads, recorded = SharedLoads(BesideLoop(), LargeTurns(no_wait)), Recorded(size)
    answers = await asyncio.gather(
        *(loads.made("a", ("id", "echo"), recorded.load, recorded.make) for _ in range(100))
    )
    assert answers == [size] * 100
    assert (recorded.read, recorded.made) == (reads, 1)
    assert await loads.made("a", ("id", "echo"), recorded.load, recorded.make) == size
    assert recorded.made == 2, "nothing is remembered"


async def test_what_waits_for_its_turn_is_not_held() -> None:
    turns = LargeTurns(no_wait, bytes_max=LARGE)
    loads, recorded = SharedLoads(BesideLoop(), turns), Recorded(LARGE)
    running = Turn(turns, "b")
    await begun(running)
    asked = [
        asyncio.create_task(loads.made("a", (str(n), "echo"), recorded.load, recorded.make))
        for n in range(20)
    ]
    await settled()
    await settled()
    assert (recorded.read, recorded.made) == (20, 0), "each was looked at, to know its size"
    await running.end()
    assert await asyncio.gather(*asked) == [LARGE] * 20
    assert recorded.read == 40


async def test_an_error_is_everybodys_and_the_next_one_tries_again() -> None:
    loads = SharedLoads(BesideLoop(), LargeTurns(no_wait))

    async def fails() -> bytes:
        await asyncio.sleep(0)
        raise StoreUnavailable("injected")

    asked = [loads.made("a", ("id", "echo"), fails, bool) for _ in range(3)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told] == [StoreUnavailable] * 3
    recorded = Recorded(1)
    assert await loads.made("a", ("id", "echo"), recorded.load, recorded.make) == 1


async def test_a_large_body_counts_until_it_is_answered_and_others_wait_for_it(
    service: Composed,
) -> None:
    body = json.dumps({"audio_url": "https://a.example/a.mp3", "x": "x" * LARGE}).encode()
    arrivals = service.edge.arrivals
    service.events.passing.clear()
    asked = [
        asyncio.create_task(service.client.post("/v2/transcript", content=body)) for _ in range(3)
    ]
    await until(lambda: arrivals.held_bytes == 3 * len(body))
    service.events.passing.set()
    assert [one.status_code for one in await asyncio.gather(*asked)] == [200] * 3
    assert arrivals.held_bytes == 0
