"""Ask the embedded engine for the places in its queue, once for all who look at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from pydantic import TypeAdapter, ValidationError

from stenolog.edge.loops import QueuePlace
from stenolog.egress.client import Egress
from stenolog.errors import EgressFailed, ForbiddenAddress
from stenolog.providers.connection import ServiceAddress

TIMEOUT_MS = 1_000
FRESH_MS = 500  # an answer is given again for so long, whoever asks
ANSWER_BYTES_MAX = 256 << 10  # a thousand jobs
ERRORS_FROM = 300
ANSWER: TypeAdapter[dict[str, QueuePlace]] = TypeAdapter(dict[str, QueuePlace])


class EngineQueue:
    """Knows the places as they were half a second ago."""

    def __init__(self, egress: Egress, address: Callable[[], ServiceAddress | None]) -> None:
        """`egress` may reach this machine; `address` is None while no engine runs."""
        self._egress = egress
        self._address = address
        self._one = asyncio.Lock()
        self._asked_at = 0.0
        self._places: Mapping[str, QueuePlace] = {}

    async def place_of(self, provider_job: str) -> QueuePlace | None:
        """Return the place of a job; None: it has none, or the engine does not answer."""
        async with self._one:
            if (time.monotonic() - self._asked_at) * 1000 >= FRESH_MS:
                self._places = await self._asked()
                self._asked_at = time.monotonic()
        return self._places.get(provider_job)

    async def _asked(self) -> Mapping[str, QueuePlace]:
        address = self._address()
        if address is None:
            return {}
        try:
            answer = await self._egress.request(
                "GET",
                f"{address.base_url}/queue",
                headers=[("authorization", address.api_key)],
                timeout_ms=TIMEOUT_MS,
                answer_bytes_max=ANSWER_BYTES_MAX,
            )
            return ANSWER.validate_json(answer.body) if answer.status < ERRORS_FROM else {}
        except (EgressFailed, ForbiddenAddress, ValidationError):
            return {}
