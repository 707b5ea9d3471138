"""Decide which attempts may begin, so that no tenant holds up another. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from stenolog.delivery.outbox import Leased


class Slots:
    """Counts attempts under way, by tenant and by lane.

    A tenant takes another slot only while more slots are free than it holds: alone it gets half of
    them, two tenants get a third each. The last free slots go to no single tenant, however many
    lanes it has.
    """

    def __init__(self, busy: Iterable[Leased], *, at_once: int, per_lane: int) -> None:
        self._tenants: Counter[str] = Counter()
        self._lanes: Counter[str] = Counter()
        self._per_lane = per_lane
        self.free = at_once
        for leased in busy:
            self.occupy(leased.tenant, leased.lane)

    def occupy(self, tenant: str, lane: str) -> None:
        """Take one slot for this tenant and lane."""
        self.free -= 1
        self._tenants[tenant] += 1
        self._lanes[lane] += 1

    def has_room(self, tenant: str, lane: str) -> bool:
        """Tell whether an attempt of this tenant and lane may begin."""
        return self.tenant_has_room(tenant) and self.lane_room(lane) > 0

    def tenant_has_room(self, tenant: str) -> bool:
        """Tell whether an attempt of this tenant may begin, in a lane that has room."""
        return self._tenants[tenant] < self.free

    def lane_room(self, lane: str) -> int:
        """Return how many attempts may begin in this lane, if its tenant has room for as many."""
        return min(self._per_lane - self._lanes[lane], self.free)

    def full_tenants(self) -> list[str]:
        """Return the tenants that must wait; any other has room while a slot is free."""
        return [tenant for tenant, count in self._tenants.items() if count >= self.free]

    def full_lanes(self) -> list[str]:
        """Return the lanes that must wait, although their tenants may have room."""
        return [lane for lane, count in self._lanes.items() if count >= self._per_lane]
