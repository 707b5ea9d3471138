"""Tell the edge of deliveries, and make those that are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from stenolog.clock import NowMs, rfc3339
from stenolog.delivery.endpoint_message import OUTCOMES, EndpointMessages
from stenolog.delivery.endpoint_rows import EndpointRows
from stenolog.delivery.outbox import Attempt, Outbox
from stenolog.delivery.posted import Message
from stenolog.delivery.rules import Answered, NotMade, outcome_of, why
from stenolog.delivery.sender import Sender
from stenolog.delivery.webhook import Requests, RequestUnreadable
from stenolog.edge.loops import PushAttempt, PushStanding
from stenolog.endpoints.registry import UNKNOWN, Endpoints
from stenolog.errors import InvalidRequest, NotFound, StoreUnavailable, WrongExpectedVersion
from stenolog.log.event import Event
from stenolog.log.events.deliveries import DeliveryKind, DeliveryResendRequested
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.recorder import Cause, Fact, FactRecorder, new_id
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

KINDS: tuple[DeliveryKind, ...] = ("outcome", "redacted_audio")
SAMPLE = "stenolog.endpoint.test"
RESENDS_MAX = 100  # of one transcription
TESTS_AT_ONCE_MAX = 8  # they take connections that deliveries need
TRIES_MAX = 5  # the stream may move on meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Keeps `edge.loops.Pushing`'s promises, over what delivers."""

    registry: Endpoints
    rows: EndpointRows
    outbox: Outbox
    requests: Requests
    messages: EndpointMessages
    sender: Sender
    store: EventStore
    facts: FactRecorder
    public_url: str
    now_ms: NowMs
    testing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TESTS_AT_ONCE_MAX))

    async def standing(self, endpoint_id: str) -> PushStanding:
        """Reads what is kept beside the outbox."""
        standing = await self.rows.standing(endpoint_id)
        return PushStanding(
            failures=standing.failures,
            failing_since_ms=standing.failing_since_ms,
            pending=await self.rows.pending_for(endpoint_id),
        )

    async def attempts(
        self, endpoint_id: str, *, before: tuple[int, int] | None, limit: int
    ) -> Sequence[PushAttempt]:
        """Reads what is kept beside the outbox."""
        found = await self.rows.attempts_of(endpoint_id, before=before, limit=limit)
        return [
            PushAttempt(
                place=(one.attempt.at_ms, one.position),
                shown={
                    **shown_attempt(one.attempt),
                    "position": one.position,
                    "round": one.round,
                },
            )
            for one in found
        ]

    async def attempts_at_webhook(
        self, transcription: str
    ) -> Sequence[Mapping[str, object]] | None:
        """Reads the attempts of each outcome that the transcription had."""
        stream = TRANSCRIPTION + transcription
        if await self._webhook(stream) is None:
            return None
        return [
            {**shown_attempt(attempt), "kind": kind}
            for event in await self._events(stream)
            if event.type in OUTCOMES
            for kind in KINDS
            for attempt in await self.outbox.attempts(event.position, kind)
        ]

    async def resend(
        self, transcription: str, *, actor: str, correlation_id: str
    ) -> Mapping[str, object]:
        """Records that it was asked for; the fan-out sees it in the log."""
        stream = TRANSCRIPTION + transcription
        if await self._webhook(stream) is None:
            raise InvalidRequest("The request of this transcription names no webhook")
        for _ in range(TRIES_MAX):
            events = await self._events(stream)
            outcome = next((one for one in reversed(events) if one.type in OUTCOMES), None)
            if outcome is None:
                raise InvalidRequest("The transcription has not ended: there is nothing to send")
            asked = sum(one.type == DeliveryResendRequested.type for one in events)
            if asked >= RESENDS_MAX:
                raise InvalidRequest(f"It was sent again {RESENDS_MAX} times, that is the most")
            data = DeliveryResendRequested(
                kind="outcome", position=outcome.position, round=asked + 1
            )
            cause = Cause(
                tenant=outcome.tenant,
                actor=actor,
                correlation_id=correlation_id,
                causation_id=outcome.id,
            )
            try:
                await self.facts.record(
                    stream, [Fact(data=data)], cause, expected=events[-1].version
                )
            except WrongExpectedVersion:
                continue
            return {"round": data.round, "message_id": outcome.id}
        raise StoreUnavailable("the transcription changes too fast; try again")

    async def test(self, endpoint_id: str) -> Mapping[str, object]:
        """Sends at once, beside the outbox: nothing of it is kept."""
        endpoint = self.registry.get(endpoint_id)
        if endpoint is None:
            raise NotFound(UNKNOWN)
        message_id, now_ms = f"test-{new_id()}", self.now_ms()
        at = rfc3339(now_ms * 1000)
        sample = {
            "specversion": "1.0",
            "id": message_id,
            "source": f"{self.public_url}/t/{endpoint.tenant}",
            "type": SAMPLE,
            "subject": endpoint.id,
            "time": at,
            "timestamp": at,
            "datacontenttype": "application/json",
            "data": {"endpoint_id": endpoint.id},
        }
        message = await self.messages.message(endpoint, message_id, orjson.dumps(sample))
        if not isinstance(message, Message):
            raise StoreUnavailable("the endpoint's secret is missing: rotate it")
        if self.testing.locked():
            raise StoreUnavailable(f"{TESTS_AT_ONCE_MAX} samples are under way; try again")
        async with self.testing:
            result = await self.sender.send(message, at_ms=now_ms, tenant=endpoint.tenant)
        if isinstance(result, NotMade):
            raise StoreUnavailable(f"the gateway could not make the call: {result.reason}")
        answered = result if isinstance(result, Answered) else None
        return {
            "message_id": message_id,
            "outcome": outcome_of(result),
            "status": None if answered is None else answered.status,
            "took_ms": max(0, self.now_ms() - now_ms),
            "answer": "" if answered is None else _text(answered.body),
            "tls": None if answered is None else answered.tls,
            "reason": None if answered is not None else why(result)["reason"],
        }

    async def _webhook(self, stream: str) -> object | None:
        try:
            return await self.requests.webhook(stream)
        except RequestUnreadable:
            return None  # it was erased with everything else

    async def _events(self, stream: str) -> Sequence[Event]:
        found: list[Event] = []
        while page := await self.store.read_stream(stream, after=found[-1].version if found else 0):
            found += page
            if len(page) < EVENTS_PER_READ_MAX:
                break
        return found


def shown_attempt(attempt: Attempt) -> Mapping[str, object]:
    """Return an attempt as it is shown."""
    return {
        "message_id": attempt.message_id,
        "number": attempt.number,
        "at": rfc3339(attempt.at_ms * 1000),
        "took_ms": attempt.took_ms,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "answer": _text(attempt.answer),
        "retry_at": None if attempt.retry_at_ms is None else rfc3339(attempt.retry_at_ms * 1000),
    }


def _text(body: bytes) -> str:
    return body.decode(errors="replace")
