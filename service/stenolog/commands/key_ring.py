"""Make and revoke API keys: recorded in the log first, then done in the key store.

So the log tells who could ask for what, and a key that was revoked stays so when older keys are
restored: a start asks the log about every key that is not revoked.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence

from stenolog.clock import now_us, rfc3339
from stenolog.commands.api_keys import (
    PREFIX_BYTES,
    SECRET_BYTES,
    ApiKey,
    ApiKeys,
    digest_of,
    new_secret,
    prefix_of,
)
from stenolog.errors import Forbidden, InvalidRequest, RecordDamaged
from stenolog.log.catalogue import read_data
from stenolog.log.events.api_keys import API_KEY, ApiKeyCreated, ApiKeyRevoked
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.log.facts import revocation_key
from stenolog.log.recorder import Cause, Fact, FactRecorder, new_id
from stenolog.log.store import EventStore

KEYS_PER_PAGE = 200


class KeyRing:
    """Makes and revokes the API keys of one data directory, one revocation after the other."""

    def __init__(
        self,
        keys: ApiKeys,
        log: EventStore,
        facts: FactRecorder,
        replaced: Callable[[ApiKey, str], Awaitable[None]] | None = None,
    ) -> None:
        """`facts` records in `log`; `replaced` takes a key that is rotated, and the new secret."""
        self._replaced = replaced
        self._keys = keys
        self._log = log
        self._facts = facts
        self._revoking = asyncio.Lock()

    async def create(
        self,
        *,
        actor: str,
        tenant: str,
        name: str,
        scopes: tuple[str, ...],
        region: Region | None = None,
        tenant_region: Region | None = None,
        provider: ProviderName | None = None,
        tenant_providers: Sequence[ProviderName] = (),
        retention: str | None = None,
        tenant_retention: str | None = None,
        correlation_id: str | None = None,
    ) -> tuple[str, ApiKey]:
        """Make a key and store it; return its secret, which cannot be read again, and the key.

        `tenant_region`, `tenant_providers` and `tenant_retention` replace those of the tenant, also
        of one that exists.

        Raises:
            StoreUnavailable: There is no such key; the tenant's name, region and providers, and the
                event that it was made, may have been written.
        """
        owner = await self._keys.tenant(
            tenant, new_id(), tenant_region, tenant_providers, tenant_retention
        )
        secret = new_secret(os.urandom(PREFIX_BYTES + SECRET_BYTES))
        prefix = prefix_of(secret)
        assert prefix is not None
        key = ApiKey(
            prefix=prefix,
            id=new_id(),
            hash=digest_of(secret),
            tenant=owner.id,
            tenant_name=tenant,
            name=name,
            scopes=scopes,
            created_at=rfc3339(now_us()),
            region=region,
            tenant_region=owner.region,
            provider=provider,
            tenant_providers=owner.providers,
            retention=retention,
            tenant_retention=owner.retention,
        )
        made = read_data(
            ApiKeyCreated.type, {"scopes": list(scopes), "region": region, "provider": provider}
        )
        cause = _cause(key, actor, correlation_id)
        await self._facts.record(API_KEY + key.id, [Fact(data=made)], cause, expected=0)
        await self._keys.add_api_key(key)
        return secret, key

    async def revoke(
        self, key: str, tenant: str | None, *, actor: str, correlation_id: str | None = None
    ) -> ApiKey | None:
        """Revoke the key with this prefix or id, durably; None when the tenant has no such key.

        `tenant` None: of any. A key that was revoked before stays revoked since then.

        Raises:
            LastManagingKey: Without it nobody could manage keys; it is not revoked.
            StoreUnavailable: It may be revoked from the next start on; try again.
        """
        async with self._revoking:  # else two could both find that the other one remains
            found = await self._keys.revocable(key, tenant)
            if found is None or found.revoked_at is not None:
                return found
            fact = Fact(data=ApiKeyRevoked(), dedupe_key=revocation_key(found.id))
            cause = _cause(found, actor, correlation_id)
            appended = await self._facts.record(API_KEY + found.id, [fact], cause)
            return await self._apply(found.id, appended.positions[0])

    async def rotate(
        self,
        key: str,
        tenant: str | None,
        *,
        actor: str,
        keep: bool = False,
        may: Callable[[str], bool] = lambda scope: True,
        correlation_id: str | None = None,
    ) -> tuple[str, ApiKey, ApiKey] | None:
        """Make a key that may do the same, then revoke this one, unless `keep`.

        `may` tells which scopes may be given away: whoever rotates a key gets what it may do.

        Returns the new one's secret, the new key and this one; None when the tenant has no such
        key. Cut off in between, both are in use.

        Raises:
            InvalidRequest: It is revoked.
            Forbidden: The new one would have a scope that may not be given away.
            StoreUnavailable: There may be a new key that nobody knows; try again.
        """
        found = await self._keys.found(key, tenant)
        if found is None:
            return None
        if found.revoked_at is not None:
            raise InvalidRequest("The key is revoked: make a new one", [("key", "is revoked")])
        beyond = [scope for scope in found.scopes if not may(scope)]
        if beyond:
            raise Forbidden(f"A key cannot give a scope that it does not have: {', '.join(beyond)}")
        secret, made = await self.create(
            actor=actor,
            correlation_id=correlation_id,
            tenant=found.tenant_name,
            name=found.name,
            scopes=found.scopes,
            region=found.region,
            provider=found.provider,
            retention=found.retention,
        )
        if not keep:
            if self._replaced is not None:
                await self._replaced(found, secret)
            revoked = await self.revoke(
                found.id, tenant, actor=actor, correlation_id=correlation_id
            )
            found = revoked or found
        return secret, made, found

    async def catch_up(self) -> int:
        """Revoke again every key that the log says is revoked; return how many there were.

        Reads the log once for each key that is not revoked, by its dedupe key.

        Raises:
            StoreError: Log or keys cannot be read or written.
        """
        revoked, after = 0, ""
        while page := await self._keys.api_keys(None, after=after, limit=KEYS_PER_PAGE):
            for key in page:
                if key.revoked_at is None:
                    position = await self._log.position_of(revocation_key(key.id))
                    if position is not None:
                        await self._apply(key.id, position)
                        revoked += 1
            after = page[-1].id
        return revoked

    async def _apply(self, key_id: str, position: int) -> ApiKey | None:
        """Revoke the key as of the event at `position`; as of now where that cannot be read."""
        try:
            found = await self._log.read(after=position - 1, limit=1)
        except RecordDamaged:
            found = []
        told = found and found[0].position == position
        return await self._keys.revoke_api_key(key_id, found[0].time if told else rfc3339(now_us()))


def _cause(key: ApiKey, actor: str, correlation_id: str | None) -> Cause:
    return Cause(tenant=key.tenant, actor=actor, correlation_id=correlation_id or new_id())
