"""Find the place in the log where a consumer is to begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stenolog.feed.epochs import check_place
from stenolog.log.format import LogIdentity
from stenolog.log.store import EventStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Everything from this time on; written as events have it, so that texts compare as times."""

    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Everything behind this position of an epoch; None: of the present one."""

    position: int
    epoch: str | None


Place = Literal["beginning", "now"] | Since | Behind


async def position_of(
    log: EventStore, identity: LogIdentity, place: Place, *, readable: int
) -> int:
    """Return the position behind which to begin; up to `readable` events may be told now.

    Raises:
        ElsewhereInTheLog: The position is none of this log in its present epoch.
        StoreError: What must be read for it cannot be read now, or is damaged.
    """
    match place:
        case "beginning":
            return 0
        case "now":
            return readable
        case Since():
            return await _last_before(log, place.time)
        case Behind():
            epoch = identity.epoch_name if place.epoch is None else place.epoch
            await check_place(log, identity, place.position, epoch)
            return place.position


async def _last_before(log: EventStore, time: str) -> int:
    """Return the position of the last event before this time; 0: there is none.

    The time of events never decreases: it is found by halving.
    """
    low, high = 0, await log.head()
    while low < high:
        middle = (low + high + 1) // 2
        found = await log.read(after=middle - 1, limit=1)
        if found and found[0].time < time:
            low = min(high, found[0].position)
        else:
            high = middle - 1
    return low
