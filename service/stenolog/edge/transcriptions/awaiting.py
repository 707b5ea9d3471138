"""Wait for a transcription's end, for those who ask and expect the text in the answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import RateLimited, RequestError, StenologError
from stenolog.projections.rows import StatusRow

RETRY_IN_MS = 5_000
LOOK_MS_FIRST = 50
LOOK_MS_MAX = 1_000
SLOWER = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitLimits:
    """How long anybody is kept waiting, and how many at once, so that others are served, too."""

    ms_max: int = 300_000  # as long as the patient ones of the clients and proxies wait
    count_max: int = 512  # a quarter of the connections that there may be
    of_tenant_max: int = 128


class NotEnded(StenologError, code="not-ended"):
    """The transcription goes on, longer than anybody waits; the message has its id."""

    def __init__(self, message: str, transcription_id: str = "") -> None:
        super().__init__(message)
        self.transcription_id = transcription_id


class NotTranscribed(RequestError, code="not-transcribed"):
    """The transcription ended in an error; the message is the sentence for the customer."""

    def __init__(self, message: str, transcription_id: str = "") -> None:
        super().__init__(message)
        self.transcription_id = transcription_id


class Awaiting:
    """Looks at a transcription until it has ended; it goes on whether anybody waits or not."""

    def __init__(self, reading: Reading, limits: WaitLimits) -> None:
        self._reading = reading
        self._limits = limits
        self._waiting: Counter[str] = Counter()  # only of tenants that have some

    @contextlib.contextmanager
    def place(self, tenant: str) -> Iterator[None]:
        """Hold a place among those who wait; it is taken before anything is recorded.

        Raises:
            RateLimited: Too many wait, or too many of this tenant.
        """
        most = self._limits
        if self._waiting[tenant] >= most.of_tenant_max or self._waiting.total() >= most.count_max:
            raise RateLimited(
                "Too many requests wait for the end of a transcription: wait for some to end, or "
                "ask with POST /v2/transcript, which waits for nothing",
                RETRY_IN_MS,
            )
        self._waiting[tenant] += 1
        try:
            yield
        finally:
            self._waiting[tenant] -= 1
            if not self._waiting[tenant]:
                del self._waiting[tenant]

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
        ends = loop.time() + self._limits.ms_max / 1000
        while loop.time() < ends:
            row = await self._reading.found(transcription_id)
            if row.erased:
                raise NotTranscribed("The transcription was deleted", transcription_id)
            if row.status == "error":
                raise NotTranscribed(row.error or "The transcription failed", transcription_id)
            if not row.open:
                return row
            await asyncio.sleep(look_ms / 1000)
            look_ms = min(LOOK_MS_MAX, look_ms * SLOWER)
            if await is_gone():
                return None
        raise NotEnded(
            f"The transcription has not ended within {self._limits.ms_max // 1000} s. It goes on: "
            f"its id is {transcription_id}",
            transcription_id,
        )
