"""Find what failed at an endpoint since a time, from the log."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from stenolog.bounded import BoundedMemory
from stenolog.clock import microseconds
from stenolog.endpoints.state import Endpoint, Round
from stenolog.log.events.deliveries import DeliveryFailed
from stenolog.log.events.endpoints import DELIVERIES
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

POSITIONS_PER_PAGE = 64
FOUND_MAX = 100_000  # of one recovery: the oldest; another recovery finds the others
ROUNDS_REMEMBERED_MAX = 64


class FailedSince:
    """Looks once for each recovery, and remembers what it found; after a start it looks again."""

    def __init__(self, store: EventStore) -> None:
        self._log = store
        self._found: BoundedMemory[tuple[str, int], tuple[int, ...]] = BoundedMemory(
            ROUNDS_REMEMBERED_MAX
        )

    async def positions(self, endpoint: Endpoint, asked: Round, *, after: int) -> Sequence[int]:
        """Return the next events, by position, that failed and did not succeed later.

        Raises:
            RecordDamaged: A record of a delivery is damaged or missing.
            StoreUnavailable: The log cannot be read now.
        """
        key = endpoint.id, asked.number
        positions = self._found.get(key)
        if positions is None:
            positions = await self._look(endpoint, asked)
            self._found.put(key, positions)
        first = bisect_right(positions, after)
        return positions[first : first + POSITIONS_PER_PAGE]

    async def _look(self, endpoint: Endpoint, asked: Round) -> tuple[int, ...]:
        stream = DELIVERIES + endpoint.id
        version = await self._before(stream, asked)
        failed: dict[int, None] = {}
        while version < asked.until:
            page = await self._log.read_stream(
                stream, after=version, limit=min(EVENTS_PER_READ_MAX, asked.until - version)
            )
            if not page:
                break
            for event in page:
                _note(failed, event.type, event.data)
            version = page[-1].version
            if len(failed) > FOUND_MAX:
                break
        return tuple(sorted(failed)[:FOUND_MAX])

    async def _before(self, stream: str, asked: Round) -> int:
        """Return the last version of the stream that is older than the recovery asks for."""
        low, high = 0, asked.until
        while low < high:
            middle = (low + high + 1) // 2
            page = await self._log.read_stream(stream, after=middle - 1, limit=1)
            if page and microseconds(page[0].time) // 1000 < asked.after:
                low = middle
            else:
                high = middle - 1
        return low


def _note(failed: dict[int, None], event_type: str, data: Mapping[str, object]) -> None:
    position = data["position"]
    assert isinstance(position, int)
    if event_type == DeliveryFailed.type:
        failed[position] = None
    else:
        failed.pop(position, None)
