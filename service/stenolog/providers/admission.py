"""Say when a place may be asked: at its account's pace, as it wants, as this machine can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

import structlog

from stenolog.bounded import BoundedMemory
from stenolog.errors import EgressFailed, ProviderHeldBack
from stenolog.providers.pace import Pace, Taken
from stenolog.providers.pause import Pause
from stenolog.providers.port import RequestKind

TOO_MANY = 429
UNAVAILABLE = 503
KINDS = get_args(RequestKind)
RESERVED_MAX = 256  # more than there are slots for creates
LOCAL_MS_MAX = 5_000  # after a fault of this machine: it costs the provider nothing to try again
LOCAL_TOLD_MS = 60_000  # between two lines about one

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Place:
    """A request that was counted for the account, and its number for the pause of its kind."""

    taken: Taken
    number: int


class Admission:
    """Lets requests to one place go, or holds them back; `reserve` does so ahead of time."""

    def __init__(self, name: str, pace: Pace) -> None:
        """`name` is the provider's; `pace` is the account's."""
        self._name = name
        self._pace = pace
        self._pauses = {kind: Pause(name, kind) for kind in KINDS}
        self._local = Pause(name, "", ms_max=LOCAL_MS_MAX, tells=False)
        self._local_reason = ""
        self._local_told_ms = -LOCAL_TOLD_MS
        self._reserved: BoundedMemory[bytes, _Place] = BoundedMemory(RESERVED_MAX)

    def begin(self, kind: RequestKind, body: bytes | None = None) -> int:
        """Count a request that is made now, and return the time on the account's clock.

        With `body` it is the one that was reserved, unless a refusal came since.

        Raises:
            ProviderHeldBack: It must not be made now; nothing was counted.
        """
        place = None if body is None else self._reserved.pop(body)
        if place is not None and not self._holds(kind, place):
            self._give_back(kind, place)
            place = None
        if place is None:
            self._take(kind)
        return self._pace.now_ms()

    def reserve(self, kind: RequestKind, body: bytes) -> None:
        """Count a request that will be made soon; `withdraw` when it will not.

        So of many that wait for the same moment one finds out whether the provider is back, and
        the others learn in time that they must wait.

        Raises:
            ProviderHeldBack: As from `begin`.
        """
        self.withdraw(kind, body)
        self._reserved.put(body, self._take(kind))

    def withdraw(self, kind: RequestKind, body: bytes) -> None:
        """Give back what was reserved and not used; without anything, nothing happens."""
        place = self._reserved.pop(body)
        if place is not None:
            self._give_back(kind, place)

    def heed(self, kind: RequestKind, status: int, told_ms: int | None, began_ms: int) -> None:
        """Begin or end the pauses that an answer speaks of; `told_ms` is its Retry-After.

        A 429 concerns the account, a 503 that says when to come back only this kind of request.
        """
        now = self._pace.now_ms()
        self._local.answered(began_ms)
        if status == TOO_MANY:
            self._pace.pause.begin(told_ms, began_ms, now)
            return
        self._pace.pause.answered(began_ms)
        if status == UNAVAILABLE and told_ms is not None:
            self._pauses[kind].begin(told_ms, began_ms, now)
        else:
            self._pauses[kind].answered(began_ms)

    def not_made(self, exc: EgressFailed, began_ms: int) -> None:
        """Hold back all for a moment when this machine could not make a request.

        Raises:
            ProviderHeldBack: The fault is ours: nobody was asked, and it is not the provider's.
        """
        if not exc.ours:
            return
        now = self._pace.now_ms()
        if now >= self._local_told_ms + LOCAL_TOLD_MS:
            self._local_told_ms = now
            log.error(
                "provider.not_asked",
                provider=self._name,
                reason=str(exc),
                advice="mend it on this machine; requests are tried again every few seconds",
            )
        self._local.begin(None, began_ms, now)
        self._local_reason = str(exc)
        raise self._held_here(now) from exc

    def paused_ms(self) -> Mapping[str, int]:
        """Return for how long the provider wants no requests, by kind or `all`."""
        now = self._pace.now_ms()
        pauses: Mapping[str, Pause] = {"all": self._pace.pause, **self._pauses}
        return {what: left_ms for what, pause in pauses.items() if (left_ms := pause.left_ms(now))}

    def started_anew(self) -> None:
        """End every pause: the service that asked for it was restarted."""
        for pause in (self._pace.pause, self._local, *self._pauses.values()):
            pause.end()

    def when_resumed(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever something that held requests back has ended."""
        for pause in (self._pace.pause, self._local, *self._pauses.values()):
            pause.when_ended(call)

    def _take(self, kind: RequestKind) -> _Place:
        now = self._pace.now_ms()
        if self._local.wait_ms(now):
            raise self._held_here(now)
        wait_ms = self._pauses[kind].wait_ms(now)
        # An upload may take half an hour to tell that the account is asked for nothing any more.
        probes = kind != "upload"
        self._pace.check(probes=probes)
        if wait_ms:
            raise ProviderHeldBack(
                f"{self._name}: asked us to wait", status=UNAVAILABLE, retry_in_ms=wait_ms
            )
        self._local.take(now)
        return _Place(self._pace.take(probes=probes), self._pauses[kind].take(now))

    def _holds(self, kind: RequestKind, place: _Place) -> bool:
        return self._pace.pause.holds(place.taken.number) and self._pauses[kind].holds(place.number)

    def _give_back(self, kind: RequestKind, place: _Place) -> None:
        self._pace.give_back(place.taken)
        self._pauses[kind].give_back(place.number, self._pace.now_ms())

    def _held_here(self, now_ms: int) -> ProviderHeldBack:
        return ProviderHeldBack(
            f"{self._name}: {self._local_reason}", retry_in_ms=self._local.wait_ms(now_ms) or 1
        )
