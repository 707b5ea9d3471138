"""Call back as AssemblyAI does: its bodies, headers, time limit and redelivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import anyio

from stenolog.clock import NowMs
from stenolog.egress.client import Egress
from stenolog.errors import EgressFailed, ForbiddenAddress
from stenolog.simulator.assemblyai.behaviour import Callback
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.memory import Memory, Sent
from stenolog.simulator.background import Background
from stenolog.wire.assemblyai import webhook

USER_AGENT = "python-requests/2.32"  # what the service has always sent
ANSWER_BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """How often and how patiently a callback is tried; the service's own rules by default."""

    attempts_max: int = webhook.ATTEMPTS_MAX
    spacing_ms: int = webhook.ATTEMPT_SPACING_MS
    timeout_ms: int = webhook.ATTEMPT_TIMEOUT_MS


class Caller:
    """Sends the callbacks of a job's behaviour, and remembers every attempt."""

    def __init__(
        self,
        memory: Memory,
        egress: Egress,
        *,
        rules: DeliveryRules,
        now_ms: NowMs,
        redacted_audio_url: Callable[[Job], str],
    ) -> None:
        self._memory = memory
        self._egress = egress
        self._rules = rules
        self._now_ms = now_ms
        self._redacted_audio_url = redacted_audio_url

    def schedule(self, job: Job, background: Background) -> None:
        """Start what will be sent for a new job; nothing when it has no `webhook_url`."""
        if job.request.webhook_url is None:
            return
        for callback in _planned(job):
            if callback.since == "creation" or job.ends_ms is not None:
                for _ in range(callback.times):
                    background.start(self._wait_and_deliver(job, callback))

    async def deliver(self, job: Job, callback: Callback) -> int | None:
        """Send one callback now, by the rules; the status of the last attempt, None for none."""
        status: int | None = None
        for attempt in range(1, self._rules.attempts_max + 1):
            status = await self._attempt(job, callback, attempt)
            if not callback.retried or not webhook.is_retried(status):
                break
            if attempt < self._rules.attempts_max:
                await anyio.sleep(self._rules.spacing_ms / 1000)
        return status

    async def _wait_and_deliver(self, job: Job, callback: Callback) -> None:
        since = job.created_ms if callback.since == "creation" else (job.ends_ms or 0)
        await anyio.sleep(max(0, since + callback.after_ms - self._now_ms()) / 1000)
        await self.deliver(job, callback)

    async def _attempt(self, job: Job, callback: Callback, attempt: int) -> int | None:
        assert job.request.webhook_url is not None
        headers = [("Content-Type", "application/json")]
        name, value = job.request.webhook_auth_header_name, job.request.webhook_auth_header_value
        if name is not None and value is not None:
            headers.append((name, value))
        body, began = self._body(job, callback), self._now_ms()
        try:
            answer = await self._egress.request(
                "POST",
                job.request.webhook_url,
                headers=headers,
                content=body,
                timeout_ms=self._rules.timeout_ms,
                answer_bytes_max=ANSWER_BYTES_MAX,
            )
            status: int | None = answer.status
        except (EgressFailed, ForbiddenAddress):
            status = None
        if callback.kind == "transcript":
            job.webhook_status = status
        sent = Sent(
            at_ms=began,
            job_id=job.id,
            attempt=attempt,
            body=body,
            status=status,
            took_ms=self._now_ms() - began,
        )
        with self._memory.lock:
            self._memory.sent.append(sent)
        self._memory.tell(sent)
        return status

    def _body(self, job: Job, callback: Callback) -> bytes:
        if callback.body is not None:
            return callback.body
        if callback.kind == "redacted_audio":
            return webhook.redacted_audio_body(self._redacted_audio_url(job))
        return webhook.callback_body(job.id, callback.status or job.status(self._now_ms()))


def _planned(job: Job) -> tuple[Callback, ...]:
    """Return what the behaviour says, or what the service does."""
    if job.behaviour.callbacks is not None:
        return job.behaviour.callbacks
    if "redact_pii_audio" not in job.request.features or job.error is not None:
        return (Callback(),)
    ready_ms = job.behaviour.redacted_after_ms
    return (Callback(), Callback(kind="redacted_audio", after_ms=ready_ms))
