"""Give requests of each kind, at each provider in each region, a pool of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from stenolog.commands.transcription.state import Place, Transcription
from stenolog.log.events.vocabulary import ProviderName
from stenolog.reconciler.actions import (
    Confirm,
    Fetch,
    GiveUp,
    Remove,
    Search,
    Settle,
    Submit,
)
from stenolog.reconciler.breaker import Breaker
from stenolog.reconciler.erasing import Step
from stenolog.reconciler.gates import Gates, ProviderRegion, provider_region
from stenolog.reconciler.pool import Pool

PoolKind = Literal["create", "upload", "fetch", "check", "settle", "delete"]
# What is long never takes the place of what is short: each kind has slots of its own.
SLOTS: Mapping[PoolKind, int] = {
    "create": 48,
    "upload": 16,
    "fetch": 24,  # of jobs that have called back
    "check": 32,  # of jobs of which nothing but a look has told
    "settle": 4,
    "delete": 8,
}
SECOND_MS = 1_000
POLLS_PER_SECOND = 20
SendsFile = Callable[[Transcription], bool]


def kind_of(action: Step, state: Transcription, sends_file: SendsFile) -> PoolKind | None:
    """Return the kind of request that the action makes; None: it asks no provider."""
    match action:
        case Submit():
            return "upload" if sends_file(state) else "create"
        case Confirm() | Fetch(wake="callback"):
            return "fetch"
        case Fetch() | GiveUp():
            return "check"
        case Settle() | Search():
            return "settle"
        case Remove():
            return "delete"
        case _:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFigures:
    """Requests of one kind at one provider in one region: under way, and waiting for a slot.

    Attributes:
        waited_ms: How long the first of those that wait has waited; 0 without any.
    """

    running: int
    waiting: int
    waited_ms: int


class Pools:
    """Every pool, by place and kind; it is made when it is first needed."""

    def __init__(
        self,
        gates: Gates,
        sends_file: SendsFile,
        slots: Mapping[PoolKind, int] = SLOTS,
        *,
        polls_per_second: int = POLLS_PER_SECOND,
    ) -> None:
        """`sends_file` tells whether the next request carries a file.

        `polls_per_second`: questions for jobs where there is no list, at each place, whoever waits.
        The job that was submitted first comes first, and with it what is forgotten first.
        """
        self._spacing_ms = SECOND_MS // polls_per_second
        self._gates = gates
        self._sends_file = sends_file
        self._slots = slots
        self._pools: dict[tuple[ProviderRegion, PoolKind], Pool] = {}
        self.stir: Callable[[], None] = lambda: None
        gates.when_resumed(self._resume)

    def of(self, action: Step, state: Transcription) -> Pool | None:
        """Return the pool of what the action asks; None: it asks no provider."""
        kind = kind_of(action, state, self._sends_file)
        if kind is None:
            return None
        where = provider_region(state)
        pool = self._pools.get((where, kind))
        if pool is None:
            polls = kind == "check" and not self._gates.facts(state).lists
            spacing_ms = self._spacing_ms if polls else 0
            breaker = self._breaker(where, kind)
            pool = Pool(self._slots[kind], breaker, self._tell, spacing_ms=spacing_ms)
            self._pools[where, kind] = pool
        return pool

    def away(self, state: Transcription, now_ms: int) -> Collection[Place]:
        """Return those of its places where nobody may submit for a while; none where it has one.

        A provider that is not configured any more is away, too.
        """
        if len(state.places) <= 1:
            return ()
        following = Submit(number=len(state.submissions) + 1)
        pools = {one: self.of(following, state.at(one)) for one in state.places}
        return [
            place
            for place, pool in pools.items()
            if self._gates.at(place) is None or (pool is not None and pool.away(now_ms))
        ]

    def take(self, now_ms: int) -> tuple[str, Pool] | None:
        """Return who may go now, with the pool in which it is counted; None: nobody."""
        for pool in self._pools.values():
            transcription_id = pool.take(now_ms)
            if transcription_id is not None:
                return transcription_id, pool
        return None

    def next_ms(self) -> int | None:
        """Return from when on somebody may go; None: not before something changes."""
        times = [due for pool in self._pools.values() if (due := pool.next_ms()) is not None]
        return min(times, default=None)

    def release(self, provider: ProviderName | None = None) -> None:
        """Forget until when to wait, at one provider or at all."""
        for (where, _), pool in self._pools.items():
            if provider in {None, where[0]}:
                pool.release()

    @property
    def running_count(self) -> int:
        """How many requests are under way."""
        return sum(pool.running_count for pool in self._pools.values())

    def counts(self, now_ms: int) -> Mapping[tuple[ProviderRegion, PoolKind], PoolFigures]:
        """Count the requests of each kind at each place that are under way, and that wait."""
        return {
            key: PoolFigures(
                running=pool.running_count,
                waiting=pool.waiting_count,
                waited_ms=pool.waited_ms(now_ms),
            )
            for key, pool in self._pools.items()
        }

    def _resume(self, where: ProviderRegion) -> None:
        for (place, _), pool in self._pools.items():
            if place == where:
                pool.release()

    def _tell(self) -> None:
        self.stir()

    def _breaker(self, where: ProviderRegion, kind: PoolKind) -> Breaker | None:
        gate = self._gates.at(where)
        if gate is None:
            return None
        return {"create": gate.creates, "upload": gate.uploads}.get(kind)
