"""Keep all endpoints in memory as the log tells them, and record what is decided about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from stenolog.endpoints.state import Endpoint, evolve
from stenolog.errors import (
    KeyLost,
    KeyMissing,
    NotFound,
    PayloadDamaged,
    RecordDamaged,
    RequestError,
)
from stenolog.log.events.endpoints import (
    ENDPOINT,
    EndpointDeleted,
    EndpointDisabled,
    EndpointWarned,
)
from stenolog.log.recorder import Cause, Fact, FactRecorder
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore, Sealer

CHANGES_MAX = 10_000  # of one endpoint: each is read at every start
ENDING = frozenset({EndpointDeleted.type, EndpointDisabled.type, EndpointWarned.type})
STREAMS_PER_READ = 200
ADVICE = "restore keys.db, or run `stenolog log verify`; until then nothing is pushed to it"
UNKNOWN = "There is no such endpoint"

log = structlog.get_logger()


class TooManyEndpoints(RequestError, code="too-many-endpoints"):
    """A limit on endpoints is reached; the message names it."""


class Streams(Protocol):
    """Lists streams; `stores/*/log` keeps this promise."""

    async def streams_of(self, category: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the first streams behind `after` whose names begin so, in order."""
        ...


class Endpoints:
    """Decides on the committed facts, of which its memory is a fold.

    This process alone writes these streams. After an outcome that is not known, an endpoint is
    read again before it is used.
    """

    def __init__(
        self,
        store: EventStore,
        streams: Streams,
        sealer: Sealer,
        facts: FactRecorder,
    ) -> None:
        self._log = store
        self._streams = streams
        self._sealer = sealer
        self._facts = facts
        self._by_id: dict[str, Endpoint] = {}
        self._doubted: set[str] = set()
        self._unreadable: set[str] = set()
        self.on_changed: list[Callable[[Endpoint], None]] = []

    async def load(self) -> None:
        """Read every endpoint that there is, for a start.

        One that cannot be read is left out, and told: its key may come back with `keys.db`.

        Raises:
            StoreUnavailable: The log cannot be read.
        """
        after = ENDPOINT
        while page := await self._streams.streams_of(ENDPOINT, after=after, limit=STREAMS_PER_READ):
            for stream in page:
                await self._read(Endpoint(id=stream.removeprefix(ENDPOINT)))
            after = page[-1]

    def of(self, tenant: str) -> Sequence[Endpoint]:
        """Return a tenant's endpoints, the newest first."""
        found = [one for one in self._by_id.values() if one.tenant == tenant]
        return sorted(found, key=lambda one: one.id, reverse=True)

    def all(self) -> Sequence[Endpoint]:
        """Return all endpoints of all tenants."""
        return list(self._by_id.values())

    def get(self, endpoint_id: str) -> Endpoint | None:
        """Return an endpoint, whosoever it is; None: there is none, or none any more."""
        return self._by_id.get(endpoint_id)

    def is_unreadable(self, endpoint_id: str) -> bool:
        """Tell whether there is such an endpoint of which nobody can tell now what it is."""
        return endpoint_id in self._unreadable

    def require(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Return an endpoint of this tenant.

        Raises:
            NotFound: It has no such endpoint.
        """
        found = self.get(endpoint_id)
        if found is None or found.tenant != tenant:
            raise NotFound(UNKNOWN)
        return found

    async def record(self, endpoint: Endpoint, facts: Sequence[Fact], cause: Cause) -> Endpoint:
        """Record what was decided on this state of an endpoint, and return the next.

        Raises:
            WrongExpectedVersion: It was changed meanwhile; nothing was written.
            StoreError: It may have been written.
        """
        known = self._by_id.get(endpoint.id, Endpoint(id=endpoint.id))
        ends = any(fact.data.type in ENDING for fact in facts)  # that must always be possible
        if endpoint.version >= CHANGES_MAX and not ends:
            raise TooManyEndpoints(f"An endpoint is changed {CHANGES_MAX} times at most")
        if endpoint.id in self._doubted:
            known = await self._read(known)
        try:
            await self._facts.record(endpoint.stream, facts, cause, expected=endpoint.version)
        except BaseException:  # cancelled, too: the append goes on without its caller
            self._doubted.add(endpoint.id)
            raise
        changed = await self._read(known)
        for hears in self.on_changed:
            hears(changed)
        return changed

    async def settle(self) -> None:
        """Read again what may have been changed by a call whose end nobody saw.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        for endpoint_id in list(self._doubted):
            before = self._by_id.get(endpoint_id, Endpoint(id=endpoint_id))
            changed = await self._read(before)
            if changed.version > before.version:
                for hears in self.on_changed:
                    hears(changed)

    async def _read(self, state: Endpoint) -> Endpoint:
        """Fold what the log has behind this state, and remember it."""
        try:
            while page := await self._log.read_stream(state.stream, after=state.version):
                for event in page:
                    sealed = await self._log.payload(event.position)
                    opened = None if sealed is None else await self._sealer.open(event.id, sealed)
                    state = evolve(state, event, opened)
                if len(page) < EVENTS_PER_READ_MAX:
                    break
        except (KeyLost, KeyMissing, PayloadDamaged, RecordDamaged, ValueError) as exc:
            log.error("endpoint.unreadable", endpoint_id=state.id, reason=str(exc), advice=ADVICE)
            if state.id not in self._by_id:
                self._unreadable.add(state.id)
            return state
        self._doubted.discard(state.id)
        self._unreadable.discard(state.id)
        if state.deleted:
            self._by_id.pop(state.id, None)
        elif state.version:
            self._by_id[state.id] = state
        return state
