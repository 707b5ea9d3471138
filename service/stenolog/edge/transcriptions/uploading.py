"""Keep a customer's file: encrypted and durable, and in the log before it is answered."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.access.upload_links import upload_url
from stenolog.edge.ports import Uploads
from stenolog.errors import StoreUnavailable
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.facts import upload_stored
from stenolog.log.recorder import Cause, FactRecorder


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that is stored, and that the log does not know yet."""

    id: str
    bytes_count: int


class Uploading:
    """Stores files, and records that they are here.

    Attributes:
        bytes_max: Of one file.
    """

    def __init__(
        self,
        facts: FactRecorder,
        files: Uploads,
        *,
        link_key: bytes,
        public_url: str,
        bytes_max: int,
    ) -> None:
        """`link_key` signs the URLs; `public_url` is what they begin with."""
        self.bytes_max = bytes_max
        self._facts = facts
        self._files = files
        self._link_key = link_key
        self._public_url = public_url

    async def store(
        self, caller: ApiKey, chunks: AsyncIterator[bytes], *, declared_bytes: int = 0
    ) -> StoredFile | None:
        """Store the caller's file; None, and nothing is left of it, when it has no bytes.

        Raises:
            PayloadTooLarge: It is over `bytes_max`, or the tenant's files have too much together.
            NoRoom: The disk would have less than what is kept for everything else.
            StoreUnavailable: The disk or the key store did not take it.
        """
        upload_id = str(uuid.uuid4())
        size = await self._files.store(
            upload_id,
            chunks,
            bytes_max=self.bytes_max,
            tenant=caller.tenant,
            declared_bytes=min(declared_bytes, self.bytes_max),
        )
        return StoredFile(id=upload_id, bytes_count=size) if size else None

    async def record(self, caller: ApiKey, stored: StoredFile, correlation_id: str) -> str:
        """Record that the file is here; return the URL under which this tenant can name it.

        Raises:
            StoreUnavailable: Nothing was written, and nothing is left of the file.
            OutcomeUnknown: It may have been written.
        """
        cause = Cause(tenant=caller.tenant, actor=caller.id, correlation_id=correlation_id)
        fact = upload_stored(stored.bytes_count)
        try:
            await self._facts.record(UPLOAD + stored.id, [fact], cause, expected=0)
        except StoreUnavailable:
            await self.discard(stored)
            raise
        # Whatever else is raised, a cancellation too, the log may say that the file is here: it
        # stays. The sweep removes a file that the log does not know.
        return upload_url(self._link_key, self._public_url, caller.tenant, stored.id)

    async def discard(self, stored: StoredFile) -> None:
        """Remove a file that was not recorded."""
        await self._files.discard(stored.id)
