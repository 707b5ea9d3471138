"""Find the streams that are about a subject, without keeping who that is.

Kept is HMAC-SHA256 of the subject under a secret of its tenant. All of these are derived from one
secret of `keys.db`, wrapped as all are: the file alone tells nothing, and two tenants' hashes of
one subject have nothing in common. It is written before the request's event, and goes with the
stream's key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Protocol

from stenolog.encryption import KEY_BYTES, derived_key

STREAMS_PER_PAGE_MAX = 1_000
OF_TENANT = b"stenolog subjects of "


class SubjectRows(Protocol):
    """Keeps streams by tenant and digest; `stores/*/keys` keeps this promise."""

    async def add_subject(self, tenant: str, digest: bytes, stream: str) -> None:
        """Keep it durably; it goes when the stream's key is destroyed.

        Raises:
            KeyMissing: The stream is erased.
            StoreUnavailable: Nothing was written.
        """
        ...

    async def subject_streams(
        self, tenant: str, digest: bytes, *, after: str, limit: int
    ) -> Sequence[str]:
        """Return at most `limit` streams behind the name `after`, in order of name."""
        ...


class Subjects:
    """Notes whom a stream is about, and finds the streams again."""

    def __init__(self, secret: bytes, rows: SubjectRows) -> None:
        assert len(secret) == KEY_BYTES
        self._secret = secret
        self._rows = rows

    async def note(self, tenant: str, subject: str, stream: str) -> None:
        """Note, durably, that the stream is about the subject; repeating changes nothing.

        Raises:
            KeyMissing: The stream is erased.
            StoreUnavailable: Nothing was written.
        """
        await self._rows.add_subject(tenant, self.digest(tenant, subject), stream)

    async def streams_of(
        self, tenant: str, subject: str, *, after: str = "", limit: int = STREAMS_PER_PAGE_MAX
    ) -> Sequence[str]:
        """Return at most `limit` streams of the tenant about the subject, behind the name `after`.

        A stream whose request never came to be recorded may be among them.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        digest = self.digest(tenant, subject)
        return await self.streams_with(tenant, digest, after=after, limit=limit)

    async def streams_with(
        self, tenant: str, digest: bytes, *, after: str, limit: int
    ) -> Sequence[str]:
        """Return the same of the subject with this `digest`."""
        assert 1 <= limit <= STREAMS_PER_PAGE_MAX
        return await self._rows.subject_streams(tenant, digest, after=after, limit=limit)

    def digest(self, tenant: str, subject: str) -> bytes:
        """Return the keyed hash that stands for the subject in `keys.db`."""
        secret = derived_key(self._secret, OF_TENANT + tenant.encode())
        return hmac.digest(secret, subject.encode(), hashlib.sha256)
