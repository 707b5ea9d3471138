"""Bound the bytes of answers that are in memory at the same time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict


class ByteBudget:
    """Lets answers grow while all together are within the budget; the oldest may always grow.

    So one answer at least comes to its end, however large it is, and the others wait for it.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._held: OrderedDict[int, int] = OrderedDict()
        self._numbers = 0
        self._changed = asyncio.Event()

    @property
    def held_bytes(self) -> int:
        """How many bytes are held now."""
        return sum(self._held.values())

    def begin(self) -> HeldBytes:
        """Begin to hold bytes, none at first."""
        self._numbers += 1
        self._held[self._numbers] = 0
        return HeldBytes(self, self._numbers)

    async def grow(self, number: int, count: int) -> None:
        """Hold more bytes; waits while there are too many, unless nobody has begun before."""
        while self.held_bytes + count > self._bytes_max and number != next(iter(self._held)):
            await self._changed.wait()
        self._held[number] += count

    def end(self, number: int) -> None:
        """Hold none of these bytes any more."""
        if self._held.pop(number, None) is not None:
            self._changed.set()
            self._changed = asyncio.Event()


class HeldBytes:
    """Some of the budget, held until `release`, or until nobody refers to this any more."""

    def __init__(self, budget: ByteBudget, number: int) -> None:
        self._budget = budget
        self._number = number

    async def grow(self, count: int) -> None:
        """Hold so many bytes more, as soon as the budget allows it."""
        await self._budget.grow(self._number, count)

    def release(self) -> None:
        """Give the bytes back; repeating changes nothing."""
        self._budget.end(self._number)

    def __del__(self) -> None:
        self.release()
