"""Bound the bytes of answers that are in memory at the same time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict


class ByteBudget:
    """Lets answers grow while all of their place are within its share of the budget.

    The places that have answers now share it alike, so that one that is slow leaves the others
    theirs. The oldest answer of a place may grow beyond the share, one at a time in all: so each
    comes to its end, however large it is.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._held: OrderedDict[int, int] = OrderedDict()
        self._places: dict[int, str] = {}
        self._beyond: int | None = None
        self._numbers = 0
        self._changed = asyncio.Event()

    @property
    def held_bytes(self) -> int:
        """How many bytes are held now."""
        return sum(self._held.values())

    def begin(self, place: str) -> HeldBytes:
        """Begin to hold bytes of an answer from this place, none at first."""
        self._numbers += 1
        self._held[self._numbers] = 0
        self._places[self._numbers] = place
        return HeldBytes(self, self._numbers)

    async def grow(self, number: int, count: int) -> None:
        """Hold more bytes; waits while the place has too many."""
        while not self._may_grow(number, count):
            await self._changed.wait()
        self._held[number] += count

    def end(self, number: int) -> None:
        """Hold none of these bytes any more."""
        if self._held.pop(number, None) is not None:
            del self._places[number]
            if self._beyond == number:
                self._beyond = None
            self._changed.set()
            self._changed = asyncio.Event()

    def _may_grow(self, number: int, count: int) -> bool:
        place = self._places[number]
        beside = [one for one, other in self._places.items() if other == place]
        share = self._bytes_max // len(set(self._places.values()))
        if sum(self._held[one] for one in beside) + count <= share:
            return True
        # One that has no byte yet may wait long for its first.
        oldest = next((one for one in beside if self._held[one]), number)
        if number != oldest or self._beyond not in {None, number}:
            return False
        self._beyond = number
        return True


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

    def __enter__(self) -> HeldBytes:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """Give the bytes back when the block failed: an error may keep alive what it came from."""
        if failed is not None:
            self.release()

    def __del__(self) -> None:
        self.release()
