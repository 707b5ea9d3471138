"""Answers in memory have one budget, and one of them at least comes to its end."""

from __future__ import annotations

import asyncio

from stenolog.providers.byte_budget import ByteBudget, HeldBytes


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_answers_grow_while_all_together_are_within_the_budget() -> None:
    budget = ByteBudget(100)
    first, second = budget.begin(), budget.begin()
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
    held = [budget.begin() for _ in range(4)]
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
    held = budget.begin()
    await held.grow(100)
    del held
    assert budget.held_bytes == 0


async def test_one_that_is_cancelled_while_it_waits_holds_nothing() -> None:
    budget = ByteBudget(10)
    first = budget.begin()
    await first.grow(10)
    second = budget.begin()
    waiting = asyncio.create_task(second.grow(5))
    await settled()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    second.release()
    assert budget.held_bytes == 10
