"""Decide what happens to endpoints, on what the log says of them."""

from __future__ import annotations

import asyncio

import orjson

from stenolog.endpoints.registry import Endpoints, TooManyEndpoints
from stenolog.endpoints.secrets import SigningSecrets
from stenolog.endpoints.signatures import Signing
from stenolog.endpoints.state import Endpoint, Round, Settings
from stenolog.log.events.endpoints import (
    DELIVERIES,
    DisabledReason,
    EndpointChanged,
    EndpointCreated,
    EndpointDeleted,
    EndpointDisabled,
    EndpointEnabled,
    EndpointRecoveryRequested,
    EndpointReplayRequested,
    EndpointWarned,
)
from stenolog.log.recorder import Cause, Fact, new_id
from stenolog.log.store import EventStore

OF_TENANT_MAX = 50
OF_ALL_MAX = 10_000  # some kilobytes of memory each
ROUNDS_MAX = 1_000  # replays and recoveries of one endpoint


class EndpointDecisions:
    """Appends each decision at the version that it was made on."""

    def __init__(self, registry: Endpoints, secrets: SigningSecrets, store: EventStore) -> None:
        self._registry = registry
        self._secrets = secrets
        self._log = store
        self._making = asyncio.Lock()  # else two could both find room for one more

    async def signing(self, endpoint: Endpoint) -> Signing | None:
        """Return with what its messages are signed now.

        Raises:
            KeyLost: `keys.db` has none of its secrets.
            StoreError: The keys cannot be read.
        """
        return await self._secrets.signing(endpoint.stream, endpoint.secrets, endpoint.tenant)

    async def create(
        self, settings: Settings, cause: Cause, *, start: int, asymmetric: bool, given: bytes | None
    ) -> tuple[Endpoint, bytes]:
        """Make an endpoint; return it with its secret, which is not shown again.

        Raises:
            TooManyEndpoints: The tenant, or all of them, have as many as they may.
            StoreError: It may have been made.
        """
        async with self._making:
            if (
                len(self._registry.of(cause.tenant)) >= OF_TENANT_MAX
                or len(self._registry.all()) >= OF_ALL_MAX
            ):
                raise TooManyEndpoints(
                    f"A tenant has {OF_TENANT_MAX} endpoints at most, all together {OF_ALL_MAX}"
                )
            endpoint = Endpoint(id=new_id())
            made = await self._secrets.make(
                endpoint.stream, endpoint.secrets, overlap_ms=0, asymmetric=asymmetric, given=given
            )
            created = EndpointCreated(
                ordering=settings.ordering, rate_per_second=settings.rate_per_second, start=start
            )
            facts = [Fact(data=created, payload=settings.payload()), made.fact]
            return await self._registry.record(endpoint, facts, cause), made.secret

    async def change(self, endpoint: Endpoint, settings: Settings, cause: Cause) -> Endpoint:
        """Replace what its owner says of it.

        Raises:
            WrongExpectedVersion: Somebody else changed it at the same time.
            StoreError: It may have been changed.
        """
        changed = EndpointChanged(
            ordering=settings.ordering, rate_per_second=settings.rate_per_second
        )
        fact = Fact(data=changed, payload=settings.payload())
        return await self._registry.record(endpoint, [fact], cause)

    async def rotate(
        self,
        endpoint: Endpoint,
        cause: Cause,
        *,
        overlap_ms: int,
        asymmetric: bool,
        given: bytes | None,
    ) -> tuple[Endpoint, bytes]:
        """Make another secret; the one before signs beside it for a while. Raises as `change`."""
        async with self._making:
            made = await self._secrets.make(
                endpoint.stream,
                endpoint.secrets,
                overlap_ms=overlap_ms,
                asymmetric=asymmetric,
                given=given,
            )
            return await self._registry.record(endpoint, [made.fact], cause), made.secret

    async def disable(self, endpoint: Endpoint, reason: DisabledReason, cause: Cause) -> Endpoint:
        """Push nothing to it any more; one that is disabled stays as it is. Raises as `change`."""
        if endpoint.disabled is not None:
            return endpoint
        fact = Fact(data=EndpointDisabled(reason=reason))
        return await self._registry.record(endpoint, [fact], cause)

    async def enable(self, endpoint: Endpoint, cause: Cause) -> Endpoint:
        """Push to it again, from where it stood. Raises as `change`."""
        if endpoint.disabled is None:
            return endpoint
        return await self._registry.record(endpoint, [Fact(data=EndpointEnabled())], cause)

    async def warn(self, endpoint: Endpoint, stage: int, failing_ms: int, cause: Cause) -> Endpoint:
        """Tell that nothing has succeeded for so long. Raises as `change`."""
        if endpoint.disabled is not None:
            return endpoint
        warned = EndpointWarned(stage=stage, failing_ms=failing_ms)
        return await self._registry.record(endpoint, [Fact(data=warned)], cause)

    async def replay(
        self,
        endpoint: Endpoint,
        cause: Cause,
        *,
        after: int,
        until: int,
        types: frozenset[str] | None,
    ) -> Round:
        """Have the public events between two positions pushed once more, as new messages.

        Raises:
            TooManyEndpoints: It was asked for too often.
            StoreError: It may have been asked for.
        """
        asked = EndpointReplayRequested(number=_next_round(endpoint), after=after, until=until)
        payload = None if types is None else orjson.dumps({"types": sorted(types)})
        fact = Fact(data=asked, payload=payload)
        return (await self._registry.record(endpoint, [fact], cause)).rounds[-1]

    async def recover(self, endpoint: Endpoint, cause: Cause, *, since_ms: int) -> Round:
        """Have what failed since a time pushed again, as the same messages. Raises as `replay`."""
        until = await self._log.version(DELIVERIES + endpoint.id)
        asked = EndpointRecoveryRequested(
            number=_next_round(endpoint), since_ms=since_ms, until=until
        )
        return (await self._registry.record(endpoint, [Fact(data=asked)], cause)).rounds[-1]

    async def delete(self, endpoint: Endpoint, cause: Cause) -> None:
        """Remove it, and destroy its secrets. Raises as `change`."""
        await self._registry.record(endpoint, [Fact(data=EndpointDeleted())], cause)
        await self._secrets.forget(endpoint.stream)


def _next_round(endpoint: Endpoint) -> int:
    if len(endpoint.rounds) >= ROUNDS_MAX:
        raise TooManyEndpoints(
            f"An endpoint has {ROUNDS_MAX} replays and recoveries at most: make another endpoint"
        )
    return len(endpoint.rounds) + 1
