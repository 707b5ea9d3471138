"""Work on one leased delivery: make the message, call the receiver, record what came of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.delivery.endpoint_policy import EndpointPolicy
from stenolog.delivery.lines import DeliveryLines
from stenolog.delivery.message import Messages
from stenolog.delivery.outbox import Attempt, Ending, Leased, Outbox
from stenolog.delivery.posted import Message, NotYet
from stenolog.delivery.recording import record_ending
from stenolog.delivery.rules import (
    CALLS_END_MS,
    FAULTS_MAX,
    LEASE_MS,
    Answered,
    Crashed,
    NotMade,
    Result,
    Retry,
    Timing,
    after_attempt,
    look_again_in_ms,
    outcome_of,
)
from stenolog.delivery.schedule import is_delivered
from stenolog.delivery.sender import Sender
from stenolog.delivery.webhook import Requests, RequestUnreadable, receiver_of
from stenolog.errors import KeyMissing, PayloadDamaged, RecordDamaged, StoreError
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.recorder import FactRecorder

STORE_RETRY_MS = 1_000
DAMAGE = (RecordDamaged, PayloadDamaged, KeyMissing)  # of the event; it stays as it is

log = structlog.get_logger(__name__)


class Metrics(Protocol):
    """Counts deliveries and attempts."""

    def delivery_attempted(self, outcome: str) -> None:
        """Count a call of a receiver."""
        ...

    def delivered(self, outcome: str) -> None:
        """Count a delivery that ended: `succeeded`, or why it did not."""
        ...


class Delivering:
    """Works on one leased delivery at a call; what it meets never goes on for ever.

    A store that fails is waited for. An error that nobody foresaw counts as an attempt while
    there is one to be made, and as a fault always: after `FAULTS_MAX` the delivery is dropped.
    """

    def __init__(
        self,
        facts: FactRecorder,
        requests: Requests,
        outbox: Outbox,
        messages: Messages,
        sender: Sender,
        endpoints: EndpointPolicy,
        *,
        timing: Timing,
        metrics: Metrics,
        now_ms: NowMs,
    ) -> None:
        assert timing.timeout_ms * 2 < LEASE_MS
        self._facts = facts
        self._requests = requests
        self._outbox = outbox
        self._messages = messages
        self._sender = sender
        self._endpoints = endpoints
        self._timing = timing
        self._metrics = metrics
        self._now_ms = now_ms
        self._lines = DeliveryLines()

    async def work(self, leased: Leased) -> None:
        """Do what is owed now: an attempt and its record, or the end that was decided before."""
        structlog.contextvars.bind_contextvars(
            transcription_id=leased.stream.removeprefix(TRANSCRIPTION), kind=leased.kind
        )
        try:
            event = await self._requests.event(leased.position)
            structlog.contextvars.bind_contextvars(correlation_id=event.correlation_id)
            ended = leased if leased.ending is not None else await self._delivered(leased, event)
            if ended is not None and ended.ending is not None:
                leased = ended  # whatever fails from here on, this is how it ended
                await record_ending(self._facts, event, ended, ended.ending)
                await self._removed(ended, ended.ending)
        except StoreError as exc:
            late = not exc.retryable and self._owed_ms(leased) >= CALLS_END_MS
            if isinstance(exc, DAMAGE) or late:
                await self._drop(leased, exc)
            else:
                await self._put_off(leased, str(exc), STORE_RETRY_MS)
        except Exception:
            # A fault of ours must not end the loop for everybody else, nor go on for ever.
            log.exception("delivery.crashed", faults=leased.faults + 1)
            await self._crashed(leased)

    async def _delivered(self, leased: Leased, event: Event) -> Leased | None:
        """Make one attempt; return the delivery with its ending if it has ended."""
        if await self._requests.has_ended(event, leased):
            # The outbox is older than the log: it was restored, or its last commit was lost.
            log.info("delivery.ended_before", position=leased.position)
            await self._outbox.remove(leased, self._now_ms())
            return None
        if self._owed_ms(leased) >= CALLS_END_MS:
            return self._abandoned(leased, Ending(reason="exhausted"))
        match await self._messages.of(leased, event):
            case Message() as message:
                return await self._attempt(leased, message)
            case Ending() as ending:
                return self._abandoned(leased, ending)
            case NotYet() as lacking:
                return await self._wait(leased, event, lacking)

    async def _wait(self, leased: Leased, event: Event, lacking: NotYet) -> Leased | None:
        """Look again later, or as soon as the views show what they lack; not for ever.

        What counts is how long it has waited, not how long it is owed: its receiver may have been
        down for days before the views were lost.
        """
        now_ms = self._now_ms()
        since_ms = now_ms if leased.waits_since_ms is None else leased.waits_since_ms
        retry_in_ms = look_again_in_ms(now_ms - since_ms)
        if retry_in_ms is None:
            return self._abandoned(leased, Ending(reason=lacking.missing))
        log.info("delivery.waits", reason=lacking.reason, retry_in_ms=retry_in_ms)
        await self._outbox.put_off(
            leased,
            now_ms + retry_in_ms,
            waits_since_ms=since_ms,
            awaits_views=lacking.awaits_views,
        )
        # They may have come to show it before the outbox knew that it is waited for.
        if lacking.awaits_views and await self._messages.is_readable(event):
            await self._outbox.resume_streams([leased.stream], self._now_ms())
        return None

    async def _attempt(self, leased: Leased, message: Message) -> Leased | None:
        began_ms = self._now_ms()
        result = await self._sender.send(message, at_ms=began_ms, tenant=leased.tenant)
        if isinstance(result, NotMade):  # no attempt is counted: the receiver has seen nothing
            await self._not_made(leased, result)
            return None
        receiver = receiver_of(message.webhook.url)
        ended = await self._recorded(leased, result, began_ms, receiver, message.id)
        if leased.endpoint and not is_delivered(result):
            await self._endpoints.look(leased.endpoint)
        return ended

    async def _not_made(self, leased: Leased, result: NotMade) -> None:
        self._lines.not_made(result.reason, self._timing.spacing_ms)
        await self._outbox.put_off(leased, self._now_ms() + self._timing.spacing_ms)

    async def _recorded(
        self, leased: Leased, result: Result, began_ms: int, receiver: str, message_id: str = ""
    ) -> Leased | None:
        """Write the attempt down with what follows; return the delivery if it has ended."""
        now_ms = self._now_ms()
        attempt = Attempt(
            number=leased.attempts + 1,
            at_ms=began_ms,
            took_ms=max(0, now_ms - began_ms),
            status=result.status if isinstance(result, Answered) else None,
            outcome=outcome_of(result),
            answer=result.body if isinstance(result, Answered) else b"",
            message_id=message_id,
        )
        if leased.endpoint:
            verdict = self._endpoints.verdict(result, attempt.number)
        else:
            owed_ms = self._owed_ms(leased)
            verdict = after_attempt(result, attempt.number, self._timing, owed_ms=owed_ms)
        retry = verdict if isinstance(verdict, Retry) else None
        ending = verdict if isinstance(verdict, Ending) else None
        held = await self._outbox.record(
            leased,
            attempt,
            due_at_ms=None if retry is None else now_ms + retry.in_ms,
            ending=ending,
            judge=self._endpoints.judge(leased.endpoint, result, began_ms, now_ms),
        )
        self._metrics.delivery_attempted(attempt.outcome)
        self._lines.attempted(leased, attempt, result, receiver, verdict)
        if ending is None or not held:
            return None
        status = leased.status if attempt.status is None else attempt.status
        return replace(leased, attempts=attempt.number, status=status, ending=ending)

    async def _crashed(self, leased: Leased) -> None:
        """Count an error of our own, so that it does not come for ever."""
        try:
            if leased.faults + 1 >= FAULTS_MAX:
                log.error("delivery.dropped", position=leased.position, reason="too many faults")
                await self._removed(leased, leased.ending or Ending(reason="exhausted"))
            elif leased.ending is None:
                now_ms = self._now_ms()
                if await self._recorded(leased, Crashed(), now_ms, "") is not None:
                    await self._outbox.put_off(leased, now_ms)  # whoever takes it next ends it
            else:
                due_at_ms = self._now_ms() + self._timing.spacing_ms
                await self._outbox.put_off(leased, due_at_ms, fault=True)
        except StoreError as exc:
            await self._put_off(leased, str(exc), STORE_RETRY_MS)

    async def _put_off(self, leased: Leased, reason: str, retry_in_ms: int) -> None:
        self._lines.put_off(reason, retry_in_ms)
        with suppress(StoreError):  # then it falls due with its lease
            await self._outbox.put_off(leased, self._now_ms() + retry_in_ms)

    async def _drop(self, leased: Leased, damage: StoreError) -> None:
        """Remove a delivery whose event cannot be read; record that if its request can be."""
        log.error("delivery.dropped", position=leased.position, reason=str(damage))
        ending = leased.ending or Ending(reason="unreadable")
        try:
            if not leased.endpoint:  # else nobody knows which event it told of
                with suppress(RequestUnreadable):
                    request = await self._requests.request(leased.stream)
                    await record_ending(self._facts, request, leased, ending)
            await self._removed(leased, ending)
        except StoreError as exc:
            await self._put_off(leased, str(exc), STORE_RETRY_MS)

    async def _removed(self, leased: Leased, ending: Ending) -> None:
        await self._outbox.remove(leased, self._now_ms())
        self._metrics.delivered(ending.reason or "succeeded")

    def _abandoned(self, leased: Leased, ending: Ending) -> Leased:
        self._lines.abandoned(leased, ending)
        return replace(leased, ending=ending)

    def _owed_ms(self, leased: Leased) -> int:
        return self._now_ms() - leased.created_at_ms
