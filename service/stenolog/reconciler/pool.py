"""Limit how many requests of one kind are under way at one provider; tenants take turns."""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from stenolog.commands.transcription.state import Transcription
from stenolog.reconciler.breaker import Breaker
from stenolog.reconciler.failover import AWAY_MS, REFUSALS_MAX

STALE_MIN = 64  # entries that may lie about although nobody waits before they are swept out
SHARE = 3  # a tenant may hold three times as many slots as it leaves free for others


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Wanted:
    """A request that waits: first what was tried least recently, then what was asked for first."""

    tried_ms: int
    position: int
    id: str


def wanted(state: Transcription) -> Wanted:
    """Return the place of a transcription among those of its tenant that want the same."""
    tried_ms = state.last.claimed_at_ms if state.last is not None else 0
    return Wanted(tried_ms=tried_ms, position=state.request_position, id=state.id)


class Pool:
    """The requests of one kind at one provider in one region: those under way, those that wait.

    While its breaker is open, one request at a time probes: the one tried least recently.
    """

    def __init__(
        self,
        slots: int,
        breaker: Breaker | None,
        stir: Callable[[], None],
        *,
        spacing_ms: int = 0,
    ) -> None:
        """`stir` is called when `take` may return somebody earlier than `next_ms` has said.

        `spacing_ms`: from one request until the next may begin.
        """
        self._spacing_ms = spacing_ms
        self._slots = slots
        self._breaker = breaker
        self._stir = stir
        if breaker is not None:
            breaker.stir = stir
        self._running: dict[str, str] = {}
        self._of_tenant: Counter[str] = Counter()
        self._waiting: OrderedDict[str, list[Wanted]] = OrderedDict()  # by tenant; next is first
        self._wanted: dict[str, Wanted] = {}
        self._since_ms: dict[str, int] = {}  # from when on they wait, the first one first
        self._entries = 0  # in all that wait, with outdated ones
        self._held_until_ms = 0
        self._probe: str | None = None

    @property
    def running_count(self) -> int:
        """How many requests are under way."""
        return len(self._running)

    @property
    def waiting_count(self) -> int:
        """How many transcriptions wait."""
        return len(self._wanted)

    def waited_ms(self, now_ms: int) -> int:
        """Return how long the first of those that wait has waited; 0: nobody does."""
        first_ms = next(iter(self._since_ms.values()), now_ms)
        return max(0, now_ms - first_ms)

    def admit(self, one: Wanted, tenant: str, now_ms: int) -> bool:
        """Tell whether this request may go now; if not, it waits until `take` returns it."""
        if one.id in self._running:
            return True
        if not self._wanted and self._may_go(tenant, now_ms):
            self._begin(one.id, tenant, now_ms)
            return True
        if self._wanted.get(one.id) != one:
            self._wanted[one.id] = one
            self._since_ms.setdefault(one.id, now_ms)
            heapq.heappush(self._waiting.setdefault(tenant, []), one)
            self._entries += 1
            if self._entries > 2 * len(self._wanted) + STALE_MIN:
                self._sweep()
        self._stir()
        return False

    def take(self, now_ms: int) -> str | None:
        """Return who may go now, and count it as under way; None: nobody."""
        if self._is_full() or now_ms < self._held_until_ms:
            return None
        tenant = self._probing_tenant() if self._open() else self._next_tenant()
        if tenant is None or not self._may_go(tenant, now_ms):
            return None
        one = self._pop(tenant)
        self.forget(one.id)
        self._waiting.move_to_end(tenant)
        self._begin(one.id, tenant, now_ms)
        return one.id

    def forget(self, transcription_id: str) -> None:
        """Let it wait no more; its entry is dropped when it comes first."""
        self._wanted.pop(transcription_id, None)
        self._since_ms.pop(transcription_id, None)

    def leave(self, transcription_id: str) -> None:
        """Give a slot back; without one, nothing happens."""
        tenant = self._running.pop(transcription_id, None)
        if tenant is None:
            return
        self._of_tenant[tenant] -= 1
        if not self._of_tenant[tenant]:
            del self._of_tenant[tenant]
        if self._probe == transcription_id:
            self._probe = None
        self._stir()

    def hold(self, until_ms: int) -> None:
        """Let nobody go before; of several times the last one counts."""
        self._held_until_ms = max(self._held_until_ms, until_ms)

    def blocked(self, now_ms: int) -> bool:
        """Tell whether nobody may go now, not even as a probe."""
        if now_ms < self._held_until_ms:
            return True
        if self._breaker is None or not self._open():
            return False
        return self._probe is not None or now_ms < self._breaker.open_until_ms

    def away(self, now_ms: int) -> bool:
        """Tell whether nobody may go for a while: who can be asked elsewhere need not wait."""
        if self._held_until_ms - now_ms > AWAY_MS:
            return True
        down = self._breaker is not None and self._breaker.failures >= REFUSALS_MAX
        return down and self.blocked(now_ms)

    def release(self) -> None:
        """Forget until when to wait: the provider was started again, or the clock set back."""
        self._held_until_ms = 0
        self._stir()

    def next_ms(self) -> int | None:
        """Return from when on `take` may return somebody; None: not before a slot is left."""
        if not self._wanted or self._is_full() or (self._open() and self._probe is not None):
            return None
        if self._breaker is not None and self._open():
            return max(self._held_until_ms, self._breaker.open_until_ms)
        return None if self._next_tenant() is None else self._held_until_ms

    def _open(self) -> bool:
        if self._breaker is None or self._breaker.closed:
            self._probe = None
            return False
        return True

    def _is_full(self) -> bool:
        return len(self._running) >= self._slots

    def _may_go(self, tenant: str, now_ms: int) -> bool:
        if now_ms < self._held_until_ms or self._is_full():
            return False
        if self._breaker is not None and self._open():
            return self._probe is None and now_ms >= self._breaker.open_until_ms
        return self._has_share(tenant)

    def _has_share(self, tenant: str) -> bool:
        return self._of_tenant[tenant] < SHARE * (self._slots - len(self._running))

    def _begin(self, transcription_id: str, tenant: str, now_ms: int) -> None:
        if self._spacing_ms:
            self.hold(now_ms + self._spacing_ms)
        self._running[transcription_id] = tenant
        self._of_tenant[tenant] += 1
        if self._open():
            self._probe = transcription_id
        self._stir()

    def _next_tenant(self) -> str | None:
        """Return whose turn it is; those that have their share wait, and are few."""
        for tenant in tuple(self._waiting):
            if self._first(tenant) is not None and self._has_share(tenant):
                return tenant
        return None

    def _probing_tenant(self) -> str | None:
        """Return who has the request that was tried least recently; of several, whose turn it is.

        Looks at every tenant that waits, which a probe may cost.
        """
        best: tuple[int, str] | None = None
        for tenant in tuple(self._waiting):
            first = self._first(tenant)
            if first is not None and (best is None or first.tried_ms < best[0]):
                best = first.tried_ms, tenant
        return None if best is None else best[1]

    def _first(self, tenant: str) -> Wanted | None:
        """Return a tenant's first request, after dropping what does not wait any more."""
        waiting = self._waiting[tenant]
        while waiting and self._wanted.get(waiting[0].id) is not waiting[0]:
            self._pop(tenant)
        if waiting:
            return waiting[0]
        del self._waiting[tenant]
        return None

    def _pop(self, tenant: str) -> Wanted:
        self._entries -= 1
        return heapq.heappop(self._waiting[tenant])

    def _sweep(self) -> None:
        """Drop the entries of what does not wait any more, wherever they are."""
        for tenant, waiting in tuple(self._waiting.items()):
            valid = [one for one in waiting if self._wanted.get(one.id) is one]
            heapq.heapify(valid)
            self._waiting[tenant] = valid
            if not valid:
                del self._waiting[tenant]
        self._entries = len(self._wanted)
