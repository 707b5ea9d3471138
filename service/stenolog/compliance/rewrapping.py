"""Wrap all stored keys anew under a new master key, while everything is served.

Nothing of the log is touched: its payloads are sealed under data keys, and these stay. Whatever a
crash leaves is wrapped by the one key or the other, and both open until all is wrapped anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

import structlog

from stenolog.backoff import exponential_ms
from stenolog.compliance.data_keys import MasterKey
from stenolog.errors import CannotStart, PayloadDamaged, StoreError

BOXES_PER_PAGE = 128  # a millisecond of wrapping, then others have the event loop
RETRY_FIRST_MS, RETRY_CEILING_MS = 1_000, 60_000
DAMAGED_ADVICE = "restore the newest keys.db; until then keep the earlier master key"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBox:
    """A box as it is stored.

    Attributes:
        place: Orders all boxes; greater ones are stored behind.
        name: What it is bound to.
    """

    place: tuple[str, str, int]
    name: bytes
    box: bytes


class Boxes(Protocol):
    """Keeps all that the master key wraps; `stores/*/keys` keeps this promise.

    Every method raises `StoreUnavailable` when the keys cannot be read or written.
    """

    async def settled(self) -> None:
        """Return once everything that was to be written before is stored."""
        ...

    async def boxes(self, *, after: tuple[str, str, int], limit: int) -> Sequence[StoredBox]:
        """Return at most `limit` boxes behind the place `after`, in order."""
        ...

    async def replace_boxes(self, changed: Sequence[tuple[StoredBox, bytes]]) -> None:
        """Put each new box in the place of the one that was read, where that is still there."""
        ...

    async def scrub(self) -> None:
        """Return once no file has a box any more that was replaced."""
        ...


FIRST = ("", "", 0)


class Rewrapping:
    """Wraps anew once there is a new master key, and then lets the earlier one go."""

    def __init__(
        self, master: MasterKey, boxes: Boxes, let_go: Callable[[], Awaitable[None]]
    ) -> None:
        """`let_go` makes the new key the only one where keys are kept, durably."""
        self._master = master
        self._boxes = boxes
        self._let_go = let_go
        self._begun = asyncio.Event()
        if master.in_rotation:
            self._begun.set()

    def begin(self) -> None:
        """Have it wrapped anew: the master key has turned to another, which is stored."""
        self._begun.set()

    async def run(self) -> NoReturn:
        """Wrap anew whenever there is a new key, until cancelled."""
        failures = 0
        while True:
            await self._begun.wait()
            try:
                await self.finish()
                failures = 0
            except (StoreError, CannotStart) as exc:
                failures += 1
                retry_in_ms = exponential_ms(
                    failures, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_CEILING_MS
                )
                advice = DAMAGED_ADVICE if isinstance(exc, PayloadDamaged) else "none is needed"
                log.warning(
                    "keys.not_rewrapped", reason=str(exc), retry_in_ms=retry_in_ms, advice=advice
                )
                await asyncio.sleep(retry_in_ms / 1000)

    async def finish(self) -> int:
        """Wrap all anew, and let the earlier key go; return how many boxes there were.

        Without an earlier key nothing is done: one that comes meanwhile is for the next call.

        Raises:
            PayloadDamaged: A box opens under neither key: the earlier one is kept.
            CannotStart: The new key could not be made the only one.
            StoreUnavailable: Not all is wrapped anew; try again.
        """
        self._begun.clear()
        if not self._master.in_rotation:
            return 0
        try:
            await self._boxes.settled()
            rewrapped, after = 0, FIRST
            while page := await self._boxes.boxes(after=after, limit=BOXES_PER_PAGE):
                changed = [(one, self._master.rewrapped(one.box, one.name)) for one in page]
                anew = [(one, box) for one, box in changed if box is not None]
                if anew:
                    await self._boxes.replace_boxes(anew)
                rewrapped, after = rewrapped + len(anew), page[-1].place
                await asyncio.sleep(0)
            await self._boxes.scrub()
            await self._let_go()
        except BaseException:
            self._begun.set()
            raise
        self._master.forget_earlier()
        log.info("keys.rewrapped", keys=rewrapped, master_key=self._master.key_id.hex())
        return rewrapped
