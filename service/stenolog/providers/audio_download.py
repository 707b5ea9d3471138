"""Download audio from wherever a provider's link leads."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from stenolog.egress.client import REDIRECTS_MAX, Egress
from stenolog.errors import EgressFailed
from stenolog.providers.port import AudioStream

FILE_MS_MAX = 3_600_000  # for a customer who takes it slowly
IDLE_MS_MAX = 30_000
FILE_BYTES_MAX = 5_000_000_000  # the largest file that AssemblyAI takes by URL


class AudioDownload:
    """Streams audio by URL, as fast as it is read."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    @contextlib.asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[AudioStream]:
        """Open the audio at `url`; the connection is closed with it.

        Raises:
            ForbiddenAddress: The URL leads where we do not go.
            EgressFailed: There is no answer, or it is not 200.
        """
        async with self._egress.stream(
            "GET", url, redirects_max=REDIRECTS_MAX, timeout_ms=FILE_MS_MAX, idle_ms=IDLE_MS_MAX
        ) as answer:
            if answer.status != 200:
                raise EgressFailed(f"redacted audio was answered {answer.status}", sent=True)
            length = answer.headers.get("content-length", "")
            yield AudioStream(
                media_type=answer.headers.get("content-type", ""),
                size=int(length) if length.isascii() and length.isdigit() else None,
                chunks=answer.chunks(FILE_BYTES_MAX),
            )
