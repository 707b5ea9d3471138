"""Find the recording of a transcription, where the customer has uploaded it here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from stenolog.edge.ports import Uploads
from stenolog.edge.transcriptions.audio_links import AudioLinks
from stenolog.errors import Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file that is here; `pieces` raise `StoreError` when it cannot be read."""

    bytes_count: int
    pieces: AsyncIterator[bytes]


class Recordings:
    """Opens uploads of a tenant by the URLs that it has used."""

    def __init__(self, links: AudioLinks, files: Uploads) -> None:
        self._links = links
        self._files = files

    async def find(self, tenant: str, audio_url: str) -> Recording | None:
        """Return the recording; None where it is elsewhere, or gone.

        Raises:
            StoreUnavailable: The disk does not give it.
        """
        try:
            upload = await self._links.upload_of(tenant, audio_url)
        except Forbidden:
            return None
        opened = None if upload is None else await self._files.open(upload)
        if opened is None:
            return None
        bytes_count, pieces = opened
        return Recording(bytes_count=bytes_count, pieces=pieces)
