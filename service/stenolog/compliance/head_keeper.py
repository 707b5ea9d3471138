"""Write tree heads while the log grows, and remember the last one: it is what is signed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from stenolog.clock import now_us, rfc3339
from stenolog.compliance.tree_heads import TreeHead, write_head
from stenolog.errors import StoreUnavailable
from stenolog.heartbeat import BEAT_EVERY_MS, Heartbeat
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Frontier

EVENTS_PER_HEAD = 1_000
HELD = "no tree head is written: run `stenolog log verify`"
HEAD_WITHIN_MS = 55_000  # after the log has grown; with the writing, less than a minute


class GrowingTree(Protocol):
    """The part of the log that tree heads are made from."""

    async def frontier(self) -> Frontier:
        """Return the tree over everything that is committed."""
        ...

    async def wait(self, *, after: int) -> int:
        """Return the head as soon as it is beyond `after`."""
        ...


class HeadKeeper:
    """Keeps `tree-heads.log` at most a thousand events and a minute behind the log.

    Attributes:
        last: The last head of this log and epoch that is on the disk; None: there is none yet.
        held: No head follows the last one: what it would sign is not known to continue it.
        identity: Of the log.
    """

    def __init__(
        self,
        tree: GrowingTree,
        path: Path,
        identity: LogIdentity,
        last: TreeHead | None = None,
        *,
        held: bool = False,
        within_ms: int = HEAD_WITHIN_MS,
    ) -> None:
        """`last` is what the file ends with, once it was compared with the log."""
        assert last is not None or not held
        self.last = last
        self.held = held
        self.identity = identity
        self._tree = tree
        self._path = path
        self._within_ms = within_ms
        self._one = asyncio.Lock()  # the file's heads grow, and so does `last`

    async def write(self) -> TreeHead:
        """Write a head, unless the last one has the log's size or it is held; return the last.

        Raises:
            StoreError: The tree cannot be read.
            StoreUnavailable: It could not be written.
        """
        async with self._one:
            if self.held and self.last is not None:
                return self.last
            frontier = await self._tree.frontier()
            if self.last is None or self.last.size != frontier.count:
                head = TreeHead.of(
                    self.identity,
                    size=frontier.count,
                    root=frontier.root().hex(),
                    time=rfc3339(now_us()),
                )
                await asyncio.to_thread(write_head, self._path, head)
                self.last = head
            return self.last

    async def cover(self, position: int) -> TreeHead:
        """Return a head that covers the event at `position`, written now if need be.

        Raises:
            StoreError: As `write`, or the heads are held.
        """
        if self.last is None or self.last.size < position:
            await self.write()
        if self.last is None or self.last.size < position:
            raise StoreUnavailable(HELD)
        return self.last

    async def run(self, heartbeat: Heartbeat) -> None:
        """Write a head now, and whenever one is due, until cancelled.

        Raises:
            StoreError: As `write`; run it again.
        """
        while True:
            written = (await self.write()).size
            heartbeat.beat()
            await self._grown(written, heartbeat.beat)
            await self._due(written, heartbeat.beat)

    async def _grown(self, written: int, beat: Callable[[], None]) -> None:
        while not await self._beyond(written, BEAT_EVERY_MS):
            beat()

    async def _due(self, written: int, beat: Callable[[], None]) -> None:
        """Return when a thousand events have come, or the first of them has waited long enough."""
        left_ms = self._within_ms
        while left_ms > 0:
            wait_ms = min(left_ms, BEAT_EVERY_MS)
            if await self._beyond(written + EVENTS_PER_HEAD - 1, wait_ms):
                return
            left_ms -= wait_ms
            beat()

    async def _beyond(self, position: int, within_ms: int) -> bool:
        try:
            async with asyncio.timeout(within_ms / 1000):
                await self._tree.wait(after=position)
        except TimeoutError:
            return False
        return True
