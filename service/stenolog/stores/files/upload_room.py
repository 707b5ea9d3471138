"""Keep room on the disk: a reserve for everything else, and for each tenant what it may hold."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from stenolog.errors import PayloadTooLarge
from stenolog.free_space import require_free
from stenolog.stores.files.upload_listing import sizes_in

# Left for the log, the keys and the views: callbacks and submissions go on when uploads do not.
RESERVE_BYTES = 512 << 20
# What the smallest file counts as: it has blocks on the disk, a key, and an entry in memory.
FILE_BYTES_MIN = 64 << 10

OwnerOf = Callable[[str], Awaitable[str | None]]
"""Names the tenant of an upload; None when nobody knows it."""


async def _nobody(_: str) -> str | None:
    return None


class UploadRoom:
    """Counts what each tenant's uploads have, those on their way included."""

    def __init__(
        self,
        directory: Path,
        *,
        tenant_bytes_max: int = 0,
        reserve_bytes: int = RESERVE_BYTES,
        owner_of: OwnerOf = _nobody,
    ) -> None:
        """`tenant_bytes_max` 0: no limit, and nothing is counted."""
        self._directory = directory
        self._tenant_bytes_max = tenant_bytes_max
        self._reserve_bytes = reserve_bytes
        self._owner_of = owner_of
        self._held: dict[str, tuple[str, int]] = {}
        self._by_tenant: dict[str, int] = {}
        self._loading = asyncio.Lock()
        self._loaded = False

    @contextlib.asynccontextmanager
    async def account(self, tenant: str | None, declared_bytes: int) -> AsyncIterator[Account]:
        """Yield what counts one upload, `declared_bytes` long, of `tenant`; None: nobody's.

        Raises:
            PayloadTooLarge: The tenant would hold too much.
            NoRoom: The disk would have less than the reserve.
            StoreUnavailable: It cannot be read whose files are there.
        """
        await asyncio.to_thread(self.refuse_full, declared_bytes)
        counted = self._tenant_bytes_max > 0 and tenant is not None
        if counted:
            await self._load()
        account = Account(self, tenant if counted else None)
        account.refuse(declared_bytes)
        try:
            yield account
        finally:
            account.give_back()

    def refuse_full(self, more_bytes: int = 0) -> None:
        """Look whether the disk has the reserve beside so many bytes; this may wait for it.

        Raises:
            NoRoom: It has not.
        """
        require_free(self._directory, more_bytes, reserve_bytes=self._reserve_bytes)

    def released(self, upload_id: str) -> None:
        """Count the file no more; do nothing when it was not."""
        tenant, size = self._held.pop(upload_id, ("", 0))
        self.change(tenant, -size)

    def refuse_over(self, tenant: str, more_bytes: int) -> None:
        """Check that the tenant may have so many bytes more.

        Raises:
            PayloadTooLarge: It may not.
        """
        if self._by_tenant.get(tenant, 0) + more_bytes > self._tenant_bytes_max:
            raise PayloadTooLarge(
                f"Your uploads may have {self._tenant_bytes_max} bytes together, and with this "
                "file they would have more. There is room again when transcripts that use them "
                "are deleted, or when unused ones are removed"
            )

    def change(self, tenant: str, size: int) -> None:
        """Count so many bytes more, or less."""
        held = self._by_tenant.pop(tenant, 0) + size
        if held > 0:
            self._by_tenant[tenant] = held

    def hold(self, upload_id: str, tenant: str, size: int) -> None:
        """Count a stored file of so many bytes until it is released."""
        counted = max(size, FILE_BYTES_MIN)
        self._held[upload_id] = (tenant, counted)
        self.change(tenant, counted)

    async def _load(self) -> None:
        """Find the owners of what was here before this process; once."""
        async with self._loading:
            if self._loaded:
                return
            for upload_id, size in await asyncio.to_thread(sizes_in, self._directory):
                if upload_id not in self._held:
                    owner = await self._owner_of(upload_id)
                    released = not (self._directory / upload_id).exists()
                    if owner is not None and upload_id not in self._held and not released:
                        self.hold(upload_id, owner, size)
            self._loaded = True


class Account:
    """Counts one upload on its way."""

    def __init__(self, room: UploadRoom, tenant: str | None) -> None:
        self._room = room
        self._tenant = tenant
        self._size = 0

    def refuse(self, size: int) -> None:
        """Check that so many bytes more may come.

        Raises:
            PayloadTooLarge: The tenant would hold too much.
        """
        if self._tenant is not None:
            self._room.refuse_over(self._tenant, size)

    def take(self, size: int) -> None:
        """Count so many bytes more.

        Raises:
            PayloadTooLarge: The tenant would hold too much; nothing was counted.
        """
        if self._tenant is not None:
            self.refuse(size)
            self._size += size
            self._room.change(self._tenant, size)

    def keep(self, upload_id: str) -> None:
        """Count what came as a stored file from now on."""
        size = self._size
        self.give_back()
        if self._tenant is not None:
            self._room.hold(upload_id, self._tenant, size)

    def give_back(self) -> None:
        """Count what came no more."""
        if self._tenant is not None:
            self._room.change(self._tenant, -self._size)
        self._size = 0
