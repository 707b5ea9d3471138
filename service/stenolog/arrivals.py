"""Bound the memory of bodies on their way in; where it is short, the slowest sender yields."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable

from stenolog.errors import StoreUnavailable

BYTES_MAX = 24 << 20  # gathered, over all
BODIES_MAX = 128  # at once; each has up to 128 KiB on its way besides
CROWDED_MS = 2_000  # of waiting for others, after which the slowest sender has to yield
YOUNG_MS = 2_000  # of waiting for a sender, before it can be called slow
WAIT_MS_MAX = 30_000  # for one's turn
WAITING_MAX = 512  # bodies, in each line; each has up to 64 KiB on its way besides

Line = deque[asyncio.Event]


class Arrivals:
    """Gives every body a place, and its bytes room.

    Whoever finds none stands in line. Each one who stands there for long has the body whose sender
    has been slowest end with `StoreUnavailable`, so that nobody holds up the others by sending
    little. What becomes free is the first one's.

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
        self._for_place: Line = deque()
        self._for_room: Line = deque()

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Yield a place for one body, once there is one.

        Raises:
            StoreUnavailable: Too many bodies are under way, or wait for a place.
        """
        await self._turn(self._for_place, lambda: len(self._places) < self._bodies_max)
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
        # When all wait, the last one goes on beyond the limit: its frame gets whole and is written.
        if len(self._for_room) + 1 < len(self._places):
            await self._turn(
                self._for_room,
                lambda: (
                    self.held_bytes + size <= self._bytes_max
                    or len(self._for_room) >= len(self._places)
                ),
            )
        self.change(size)

    def change(self, size: int) -> None:
        """Count so many bytes more, or less."""
        self.held_bytes += size
        if size <= 0:
            self._wake()

    async def _turn(self, line: Line, fits: Callable[[], bool]) -> None:
        """Stand in line until one is the first and it fits."""
        if len(line) >= WAITING_MAX:
            raise StoreUnavailable("too many bodies wait to come in")
        loop = asyncio.get_running_loop()
        began = loop.time()
        end_one_at = began + self._crowded_ms / 1000
        woken = asyncio.Event()
        line.append(woken)
        try:
            while line[0] is not woken or not fits():
                woken.clear()
                now = loop.time()
                if (now - began) * 1000 >= WAIT_MS_MAX:
                    raise StoreUnavailable("too many bodies are on their way in")
                if now >= end_one_at:
                    self._end_slowest(now)
                    end_one_at = now + self._crowded_ms / 1000
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(end_one_at):
                        await woken.wait()
        finally:
            line.remove(woken)
            self._wake()

    def _wake(self) -> None:
        """Have the first in each line look again."""
        for line in (self._for_place, self._for_room):
            if line:
                line[0].set()

    def _end_slowest(self, now: float) -> None:
        """End the slowest that is not ending yet; two of those who wait have two of them end."""
        slow = [one for one in self._places if one.may_end and one.waited_ms(now) >= self._young_ms]
        if slow:
            min(slow, key=lambda one: one.came_bytes / one.waited_ms(now)).end(now)


class Place:
    """One body's place: its chunks come in here, and its bytes are counted.

    Attributes:
        held_bytes: Gathered, and not written yet.
        came_bytes: From its sender, ever.
    """

    def __init__(self, memory: Arrivals) -> None:
        self.held_bytes = 0
        self.came_bytes = 0
        self._end_soon: asyncio.Timeout | None = None  # ends the waiting for the sender
        self._is_ending = False
        self._memory = memory
        self._waited_s = 0.0
        self._asked_at = 0.0

    @property
    def may_end(self) -> bool:
        """Whether its sender is waited for, and that was not ended already."""
        return self._end_soon is not None and not self._is_ending

    def end(self, now: float) -> None:
        """End the waiting for its sender, who may end it."""
        assert self._end_soon is not None
        self._is_ending = True
        self._end_soon.reschedule(now)

    def waited_ms(self, now: float) -> float:
        """Return for how long its sender has been waited for, all together."""
        asked = 0.0 if self._end_soon is None else now - self._asked_at
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
            async with asyncio.timeout(None) as self._end_soon:
                chunk = await anext(sent, None)
        except TimeoutError as exc:
            raise StoreUnavailable(
                "too many bodies are on their way in, and this was the slowest"
            ) from exc
        finally:
            self._end_soon = None
            self._is_ending = False  # a piece may have come at the last moment
            self._waited_s += loop.time() - self._asked_at
        if chunk is not None:
            self.came_bytes += len(chunk)
        return chunk
