"""Apply the schedule to endpoints, and disable those that answer no more."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from stenolog.clock import NowMs
from stenolog.delivery.endpoint_rows import EndpointRows
from stenolog.delivery.outbox import Ending
from stenolog.delivery.rules import Result, Retry
from stenolog.delivery.schedule import Schedule, after_attempt, is_gone, stood, warning_of
from stenolog.delivery.standing import Standing
from stenolog.endpoints.deciding import EndpointDecisions
from stenolog.endpoints.registry import Endpoints
from stenolog.errors import StoreError
from stenolog.log.actors import DELIVERY
from stenolog.log.recorder import Cause, new_id

log = structlog.get_logger()


class EndpointPolicy:
    """Decides by the schedule; how an endpoint stands is kept beside the outbox."""

    def __init__(
        self,
        registry: Endpoints,
        decisions: EndpointDecisions,
        rows: EndpointRows,
        *,
        schedule: Schedule,
        now_ms: NowMs,
        jitter: Callable[[], float],
    ) -> None:
        """`jitter` draws from -1 to 1."""
        self._registry = registry
        self._decisions = decisions
        self._rows = rows
        self._schedule = schedule
        self._now_ms = now_ms
        self._jitter = jitter

    def verdict(self, result: Result, number: int) -> Retry | Ending:
        """Return what follows attempt `number`: another one, or the end."""
        return after_attempt(result, number, jitter=self._jitter(), schedule=self._schedule)

    def judge(
        self, endpoint_id: str, result: Result, began_ms: int, at_ms: int
    ) -> Callable[[Standing], Standing]:
        """Return how an endpoint stands after this, by how it stood.

        One that is disabled is not judged: what is pending for it ends without a call, and must
        not wait as for one that fails. A webhook of a transcription's own is none.
        """
        endpoint = self._registry.get(endpoint_id)
        if endpoint is None or endpoint.disabled is not None:
            return lambda before: before
        return lambda before: stood(
            before, result, began_ms=began_ms, at_ms=at_ms, schedule=self._schedule
        )

    async def look(self, endpoint_id: str) -> None:
        """Warn or disable the endpoint after an attempt that failed, where that is due.

        What cannot be recorded now is seen at its next failure.
        """
        try:
            await self._look(endpoint_id)
        except StoreError as exc:
            log.warning(
                "endpoint.not_judged",
                endpoint_id=endpoint_id,
                reason=str(exc),
                advice="it is judged at its next failure",
            )

    async def _look(self, endpoint_id: str) -> None:
        endpoint = self._registry.get(endpoint_id)
        if endpoint is None or endpoint.disabled is not None:
            return
        standing, now_ms = await self._rows.standing(endpoint_id), self._now_ms()
        cause = Cause(tenant=endpoint.tenant, actor=DELIVERY, correlation_id=new_id())
        if is_gone(standing, now_ms, self._schedule):
            await self._decisions.disable(endpoint, "gone", cause)
            self._tell("endpoint.disabled", endpoint_id, "it answers 410")
            return
        due = warning_of(standing, now_ms, self._schedule)
        if due is None or standing.failing_since_ms is None:
            return
        if due.stage > len(self._schedule.warned_after_ms):
            await self._decisions.disable(endpoint, "failing", cause)
            self._tell("endpoint.disabled", endpoint_id, "nothing has succeeded for too long")
        elif due.stage > endpoint.warned_since(standing.failing_since_ms):
            await self._decisions.warn(endpoint, due.stage, due.failing_ms, cause)
            self._tell("endpoint.warned", endpoint_id, f"it has failed for {due.failing_ms} ms")

    def _tell(self, line: str, endpoint_id: str, reason: str) -> None:
        log.warning(
            line,
            endpoint_id=endpoint_id,
            reason=reason,
            advice=f"tell its owner: GET /api/v1/endpoints/{endpoint_id}/attempts shows why",
        )
