"""Tell a caller that a job has finished, as AssemblyAI does."""

from __future__ import annotations

import asyncio

from stenolog.egress.client import Egress
from stenolog.engine.host.jobs import Job
from stenolog.errors import EgressFailed, ForbiddenAddress
from stenolog.wire.assemblyai.webhook import (
    ATTEMPT_SPACING_MS,
    ATTEMPT_TIMEOUT_MS,
    ATTEMPTS_MAX,
    is_delivered,
    is_retried,
)

ANSWER_BYTES_MAX = 65_536  # only the status counts
CONCURRENT_MAX = 32  # attempts at one time; a burst of finished jobs waits for its turn


class Webhooks:
    """Sends callbacks; a redirect counts as an answer and is never followed."""

    def __init__(
        self,
        egress: Egress,
        *,
        spacing_ms: int = ATTEMPT_SPACING_MS,
        timeout_ms: int = ATTEMPT_TIMEOUT_MS,
    ) -> None:
        self._egress = egress
        self._spacing_ms = spacing_ms
        self._timeout_ms = timeout_ms
        self._turns = asyncio.Semaphore(CONCURRENT_MAX)

    async def deliver(self, job: Job, body: bytes) -> int | None:
        """Call until delivered or given up; return the last status, None when never answered.

        At most `ATTEMPTS_MAX` attempts; none after a 4xx, or when the address is not allowed.
        """
        url = job.params.get("webhook_url")
        assert isinstance(url, str)
        status: int | None = None
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                await asyncio.sleep(self._spacing_ms / 1000)
            try:
                async with self._turns:
                    status = await self._attempt(url, job, body)
            except ForbiddenAddress as exc:
                if exc.final:
                    return None
                status = None
            except EgressFailed:
                status = None
            if (status is not None and is_delivered(status)) or not is_retried(status):
                return status
        return status

    async def _attempt(self, url: str, job: Job, body: bytes) -> int:
        answer = await self._egress.request(
            "POST",
            url,
            headers=[("content-type", "application/json"), *_secret(job)],
            content=body,
            timeout_ms=self._timeout_ms,
            answer_bytes_max=ANSWER_BYTES_MAX,
        )
        return answer.status


def _secret(job: Job) -> list[tuple[str, str]]:
    name = job.params.get("webhook_auth_header_name")
    value = job.params.get("webhook_auth_header_value")
    return [(name, value)] if isinstance(name, str) and isinstance(value, str) else []
