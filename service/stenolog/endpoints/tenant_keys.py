"""Keep one Ed25519 key for each tenant, for the signatures that are verified without a secret."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from stenolog.bounded import BoundedMemory
from stenolog.encryption import KEY_BYTES, SigningKey
from stenolog.endpoints.boxes import SecretBoxes, Wrapping, name_of

REMEMBERED_MAX = 4_096
SHOWN_MAX = 1_000
OF_TENANT = "webhook-key "
"""How the purpose of a tenant's key begins; the tenant's id follows."""


class TenantKeys:
    """Makes a key when it is first needed; no two tenants have the same."""

    def __init__(self, boxes: SecretBoxes, wrapping: Wrapping) -> None:
        self._boxes = boxes
        self._wrapping = wrapping
        self._keys: BoundedMemory[str, SigningKey] = BoundedMemory(REMEMBERED_MAX)

    async def key(self, tenant: str) -> SigningKey:
        """Return the tenant's key for `v1a`, made durably when there is none.

        Raises:
            StoreError: The keys cannot be read or written.
        """
        key = self._keys.get(tenant)
        if key is None:
            purpose = OF_TENANT + tenant
            name = name_of(purpose, 1)
            box = (await self._boxes.secrets(purpose)).get(1)
            if box is None:
                made = self._wrapping.wrap(os.urandom(KEY_BYTES), name)
                box = await self._boxes.add_secret(purpose, 1, made)
            key = SigningKey(self._wrapping.unwrap(box, name))
            self._keys.put(tenant, key)
        return key

    async def public(self, tenant: str | None) -> Mapping[str, bytes]:
        """Return the public keys for `v1a` by tenant: of one, or the first thousand.

        Raises:
            StoreError: The keys cannot be read.
        """
        begin = OF_TENANT + (tenant or "")
        found: dict[str, bytes] = {}
        for purpose in await self._boxes.purposes(begin, SHOWN_MAX):
            owner = purpose.removeprefix(OF_TENANT)
            if tenant in (None, owner):
                found[owner] = (await self.key(owner)).public
                await asyncio.sleep(0)
        return found
