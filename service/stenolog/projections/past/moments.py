"""Find the place in the log that a moment stands for: its last event that was committed then."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.clock import NowUs, microseconds
from stenolog.errors import NotFound, RecordDamaged, RequestError
from stenolog.log.event import Event
from stenolog.log.store import EventReads

DAMAGED_PASSED_MAX = 8  # records that tell no time, one behind the other
NOTHING_YET = "The log begins later than this moment"


class NotYetCome(RequestError, code="not-yet-come"):
    """The moment lies behind the end of the log, or in the future."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A place in the log: all events up to `position` are known, and none behind it.

    Attributes:
        time: That of the event there; RFC 3339, six digits, Z.
    """

    position: int
    time: str


class Moments:
    """Finds moments; the times of events never decrease along the log."""

    def __init__(self, log: EventReads, now_us: NowUs) -> None:
        self._log = log
        self._now_us = now_us

    async def now(self) -> Moment:
        """Return the end of the log; raises as `at_position`."""
        return await self.at_position(await self._log.head())

    async def at_position(self, position: int) -> Moment:
        """Return the moment at which the event at this position, from 1, was the last.

        Raises:
            NotYetCome: The log ends before it.
            RecordDamaged: Its record tells no time.
            StoreUnavailable: The log cannot be read now.
        """
        head = await self._log.head()
        if position > head:
            raise NotYetCome(
                f"Position {position} has not come yet: the log ends at position {head}"
            )
        found = await self._log.read(after=position - 1, limit=1)
        return Moment(position=position, time=found[0].time)

    async def at_time(self, time: str) -> Moment:
        """Return the last moment up to this time, which is given as events have theirs.

        Raises:
            NotFound: The log begins later.
            NotYetCome: The time lies in the future.
            RecordDamaged: Too many records around it tell no time.
            StoreUnavailable: The log cannot be read now.
        """
        last = await self.now()
        if time >= last.time:
            if microseconds(time) > max(self._now_us(), microseconds(last.time)):
                raise NotYetCome(
                    "This time lies in the future: nobody knows yet what is known then"
                )
            return last
        known, low, high = None, 0, last.position - 1
        while low < high:  # the moment is at `low` at least, and at `high` at most
            middle = (low + high + 1) // 2
            event = await self._readable(middle)
            if event.time <= time:
                known, low = event, event.position
            else:
                high = middle - 1
        if known is None:
            raise NotFound(NOTHING_YET)
        return Moment(position=known.position, time=known.time)

    async def _readable(self, position: int) -> Event:
        """Return the event there; where its record is damaged, the next one that can be read."""
        for after in range(position - 1, position - 1 + DAMAGED_PASSED_MAX):
            try:
                return (await self._log.read(after=after, limit=1))[0]
            except RecordDamaged as exc:
                damaged = exc
        raise damaged
