"""Wait for a transcription's end, for those who ask and expect the text in the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import RequestError, StenologError
from stenolog.projections.rows import StatusRow

WAIT_MS_MAX = 300_000  # as long as the patient ones of the clients and proxies wait
LOOK_MS_FIRST = 50
LOOK_MS_MAX = 1_000
SLOWER = 1.5


class NotEnded(StenologError, code="not-ended"):
    """The transcription goes on, longer than anybody waits; the message has its id."""


class NotTranscribed(RequestError, code="not-transcribed"):
    """The transcription ended in an error; the message is the sentence for the customer."""


class Awaiting:
    """Looks at a transcription until it has ended; it goes on whether anybody waits or not."""

    def __init__(self, reading: Reading, *, wait_ms_max: int) -> None:
        self._reading = reading
        self._wait_ms_max = wait_ms_max

    async def completed(
        self, transcription_id: str, is_gone: Callable[[], Awaitable[bool]]
    ) -> StatusRow | None:
        """Return it once it is completed; None when whoever waits is gone before.

        Raises:
            NotTranscribed: It ended in an error, or was erased.
            NotEnded: It has not ended within the time that anybody is kept waiting.
            StoreUnavailable: It cannot be read now.
        """
        look_ms: float = LOOK_MS_FIRST
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._wait_ms_max / 1000
        while loop.time() < ends:
            row = await self._reading.found(transcription_id)
            if row.erased:
                raise NotTranscribed("The transcription was deleted")
            if row.status == "error":
                raise NotTranscribed(row.error or "The transcription failed")
            if not row.open:
                return row
            await asyncio.sleep(look_ms / 1000)
            look_ms = min(LOOK_MS_MAX, look_ms * SLOWER)
            if await is_gone():
                return None
        raise NotEnded(
            f"The transcription has not ended within {self._wait_ms_max // 1000} s. It goes on: "
            f"its id is {transcription_id}"
        )
