"""Bound the memory of bodies on their way in; where it is short, the slowest sender yields."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from stenolog.errors import StoreUnavailable

BYTES_MAX = 24 << 20  # gathered, over all
BODIES_MAX = 128  # at once; each has up to 128 KiB on its way besides
CROWDED_MS = 2_000  # of waiting for others, after which the slowest sender has to yield
YOUNG_MS = 2_000  # of waiting for a sender, before it can be called slow
WAIT_MS_MAX = 30_000  # for others, all together


class Arrivals:
    """Gives every body a place, and its bytes room.

    Whoever finds none waits. Where that takes long, the body whose sender has been slowest ends
    with `StoreUnavailable`, so that nobody holds up the others by sending little.

    Attributes:
        held_bytes: Gathered now, over all bodies.
    """

    def __init__(
        self,
        *,
        bytes_max: int = BYTES_MAX,
        bodies_max: int = BODIES_MAX,
        crowded_ms: int = CROWDED_MS,
        young_ms: int = YOUNG_MS,
    ) -> None:
        """Start with all of it free."""
        self.held_bytes = 0
        self._bytes_max = bytes_max
        self._bodies_max = bodies_max
        self._crowded_ms = crowded_ms
        self._young_ms = young_ms
        self._places: set[Place] = set()
        self._waiting = 0  # places that wait for room
        self._freed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Yield a place for one body, once there is one.

        Raises:
            StoreUnavailable: Too many bodies are under way, and none of them is slow.
        """
        await self._until(lambda: len(self._places) < self._bodies_max)
        place = Place(self)
        self._places.add(place)
        try:
            yield place
        finally:
            self._places.discard(place)
            self.change(-place.held_bytes)

    async def room(self, size: int) -> None:
        """Take room for so many bytes, once there is some.

        Raises:
            StoreUnavailable: None became free.
        """
        self._waiting += 1
        try:
            # When all wait, one goes on beyond the limit: its frame gets whole and is written.
            await self._until(
                lambda: (
                    self.held_bytes + size <= self._bytes_max or self._waiting >= len(self._places)
                )
            )
        finally:
            self._waiting -= 1
        self.change(size)

    def change(self, size: int) -> None:
        """Count so many bytes more, or less."""
        self.held_bytes += size
        if size <= 0:
            self._freed.set()
            self._freed = asyncio.Event()

    async def _until(self, fits: Callable[[], bool]) -> None:
        waited_ms = 0
        while not fits():
            try:
                async with asyncio.timeout(self._crowded_ms / 1000):
                    await self._freed.wait()
            except TimeoutError:
                waited_ms += self._crowded_ms
                if not self._end_slowest() and waited_ms >= WAIT_MS_MAX:
                    raise StoreUnavailable("too many bodies are on their way in") from None

    def _end_slowest(self) -> bool:
        now = asyncio.get_running_loop().time()
        slow = [one for one in self._places if one.waited_ms(now) >= self._young_ms]
        slow = [one for one in slow if one.end_soon is not None]
        if not slow:
            return False
        slowest = min(slow, key=lambda one: one.came_bytes / one.waited_ms(now))
        assert slowest.end_soon is not None
        slowest.end_soon.reschedule(now)
        return True


class Place:
    """One body's place: its chunks come in here, and its bytes are counted.

    Attributes:
        held_bytes: Gathered, and not written yet.
        came_bytes: From its sender, ever.
        end_soon: Set while its sender is waited for: what ends the waiting.
    """

    def __init__(self, memory: Arrivals) -> None:
        self.held_bytes = 0
        self.came_bytes = 0
        self.end_soon: asyncio.Timeout | None = None
        self._memory = memory
        self._waited_s = 0.0
        self._asked_at = 0.0

    def waited_ms(self, now: float) -> float:
        """Return for how long its sender has been waited for, all together."""
        asked = 0.0 if self.end_soon is None else now - self._asked_at
        return (self._waited_s + asked) * 1000

    async def chunks(self, sent: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield what is sent, with room for it.

        Raises:
            StoreUnavailable: There was no room, or this was the slowest of too many.
        """
        while (chunk := await self._next(sent)) is not None:
            await self._memory.room(len(chunk))
            self.held_bytes += len(chunk)
            yield chunk

    def written(self, size: int) -> None:
        """Give back the room of so many bytes."""
        self.held_bytes -= size
        self._memory.change(-size)

    async def _next(self, sent: AsyncIterator[bytes]) -> bytes | None:
        loop = asyncio.get_running_loop()
        self._asked_at = loop.time()
        try:
            async with asyncio.timeout(None) as self.end_soon:
                chunk = await anext(sent, None)
        except TimeoutError as exc:
            raise StoreUnavailable(
                "too many bodies are on their way in, and this was the slowest"
            ) from exc
        finally:
            self.end_soon = None
            self._waited_s += loop.time() - self._asked_at
        if chunk is not None:
            self.came_bytes += len(chunk)
        return chunk
