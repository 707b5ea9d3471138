"""Who may be called now: places for attempts, shared so that no tenant holds up another; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from stenolog.delivery.outbox import Leased


class Places:
    """How many attempts are under way, by tenant and by lane.

    A tenant takes another place only while more are free than it has: alone it takes half of them,
    with a second one each a third. So no tenant takes the last ones, however many lanes it has.
    """

    def __init__(self, busy: Iterable[Leased], *, at_once: int, per_lane: int) -> None:
        self._tenants: Counter[str] = Counter()
        self._lanes: Counter[str] = Counter()
        self._per_lane = per_lane
        self.free = at_once
        for leased in busy:
            self.occupy(leased.tenant, leased.lane)

    def occupy(self, tenant: str, lane: str) -> None:
        """One place fewer is free."""
        self.free -= 1
        self._tenants[tenant] += 1
        self._lanes[lane] += 1

    def has_room(self, tenant: str, lane: str) -> bool:
        """Whether one of this tenant and lane may be called."""
        return self._tenants[tenant] < self.free and self._lanes[lane] < self._per_lane

    def full_tenants(self) -> list[str]:
        """Whose deliveries wait; one that is not here has room while any place is free."""
        return [tenant for tenant, count in self._tenants.items() if count >= self.free]

    def full_lanes(self) -> list[str]:
        """Whose deliveries wait although their tenant may have room."""
        return [lane for lane, count in self._lanes.items() if count >= self._per_lane]
