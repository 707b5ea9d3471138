"""Answers in memory have one budget, and one of them at least comes to its end."""

from __future__ import annotations

import asyncio

from stenolog.providers.byte_budget import ByteBudget, HeldBytes


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_answers_grow_while_all_together_are_within_the_budget() -> None:
    budget = ByteBudget(100)
    first, second = budget.begin("one"), budget.begin("one")
    await first.grow(60)
    await second.grow(40)
    growing = asyncio.create_task(second.grow(1))
    await settled()
    assert not growing.done()
    assert budget.held_bytes == 100
    first.release()
    await growing
    assert budget.held_bytes == 41


async def test_the_oldest_grows_beyond_it_and_the_next_one_is_the_oldest_then() -> None:
    budget = ByteBudget(100)
    held = [budget.begin("one") for _ in range(4)]
    await held[0].grow(1_000)

    async def read(one: HeldBytes) -> None:
        for _ in range(10):
            await one.grow(50)
        one.release()

    reading = [asyncio.create_task(read(one)) for one in held[1:]]
    await settled()
    assert budget.held_bytes == 1_000
    held[0].release()
    await asyncio.gather(*reading)
    assert budget.held_bytes == 0


async def test_what_nobody_keeps_any_more_is_given_back() -> None:
    budget = ByteBudget(100)
    held = budget.begin("one")
    await held.grow(100)
    del held
    assert budget.held_bytes == 0


async def test_one_that_is_cancelled_while_it_waits_holds_nothing() -> None:
    budget = ByteBudget(10)
    first = budget.begin("one")
    await first.grow(10)
    second = budget.begin("one")
    waiting = asyncio.create_task(second.grow(5))
    await settled()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    second.release()
    assert budget.held_bytes == 10


async def test_a_place_that_is_slow_leaves_the_others_their_share() -> None:
    budget = ByteBudget(100)
    slow = [budget.begin("slow") for _ in range(4)]
    for one in slow[:3]:
        await one.grow(33)  # alone, it may have all
    growing = asyncio.create_task(slow[0].grow(1_000))  # and its oldest more than that
    await settled()
    assert growing.done()
    other = budget.begin("other")
    async with asyncio.timeout(1):
        for _ in range(5):
            await other.grow(10)
    more = asyncio.create_task(slow[1].grow(1))
    await settled()
    assert not more.done(), "while another one has answers, half of it is its share"
    for one in (*slow[2:], slow[0], other):
        one.release()
    await more


async def test_beyond_its_share_one_answer_grows_at_a_time_and_each_comes_to_its_end() -> None:
    budget = ByteBudget(100)
    places = [budget.begin(place) for place in ("a", "b", "c")]
    most = 0

    async def read(one: HeldBytes) -> None:
        nonlocal most
        for _ in range(20):
            await one.grow(50)
            most = max(most, budget.held_bytes)
            await asyncio.sleep(0)
        one.release()

    async with asyncio.timeout(5):
        await asyncio.gather(*(read(one) for one in places))
    assert most <= 20 * 50 + 2 * 100
