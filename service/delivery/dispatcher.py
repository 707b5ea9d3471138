"""The dispatcher: takes what is due from the outbox, has it sent, and records how it went."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import structlog

from service.clock import NowMs
from service.delivery.outbox import Attempt, Ending, Leased, Outbox
from service.delivery.readiness import ReadableOutcomes
from service.delivery.recording import record_ending
from service.delivery.rules import Answered, Retry, Timing, after_attempt, outcome_of
from service.delivery.sender import Sender, is_sendable
from service.delivery.webhook import Requests, RequestUnreadable, Webhook
from service.errors import StoreError
from service.log.catalogue import TRANSCRIPTION
from service.log.event import Event
from service.log.store import EventStore
from service.wire.webhook import callback_body

ATTEMPTS_AT_ONCE_MAX = 128
ATTEMPTS_PER_HOST_MAX = 8  # one that does not answer keeps no more places than this
LEASE_MS = 60_000  # longer than waiting for the views, an attempt and the writes around them
VIEWS_LATE_MS = 5_000  # until an outcome that is not readable yet is looked at again
STORE_RETRY_MS = 1_000
DRAIN_MS = 3_000  # for attempts under way when the service stops

log = structlog.get_logger(__name__)


class Metrics(Protocol):
    """What is counted here."""

    def delivery_attempted(self, outcome: str) -> None:
        """A receiver was called."""
        ...

    def delivered(self, outcome: str) -> None:
        """A delivery ended: `succeeded`, or why it did not."""
        ...


class Dispatcher:
    """Runs until cancelled; `wake` may be called at any time on its loop.

    Crash by crash: before the attempt is recorded, it is made again; after that, only the log is
    told; once the log has the fact, its dedupe key answers for it and the delivery is removed.
    """

    def __init__(
        self,
        events: EventStore,
        requests: Requests,
        outbox: Outbox,
        readable: ReadableOutcomes,
        sender: Sender,
        *,
        timing: Timing,
        metrics: Metrics,
        now_ms: NowMs,
    ) -> None:
        assert timing.timeout_ms * 2 < LEASE_MS
        self._events = events
        self._requests = requests
        self._outbox = outbox
        self._readable = readable
        self._sender = sender
        self._timing = timing
        self._metrics = metrics
        self._now_ms = now_ms
        self._busy: dict[asyncio.Task[None], str] = {}
        self._stirred = asyncio.Event()

    def wake(self) -> None:
        """Something may be due; costs nothing when repeated."""
        self._stirred.set()

    async def run(self) -> None:
        """Deliver what is due, as it falls due; when cancelled, attempts have 3 s to end."""
        recovered = False
        try:
            while True:
                self._stirred.clear()
                try:
                    if not recovered:
                        await self._outbox.recover(self._now_ms())
                        recovered = True
                    wait_ms = await self._start_due()
                except StoreError as exc:
                    log.warning("dispatcher.interrupted", reason=str(exc))
                    wait_ms = STORE_RETRY_MS
                # Not `wait_for`: in Python 3.11 it loses a cancellation that comes with a stir.
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if wait_ms is None else wait_ms / 1000):
                        await self._stirred.wait()
        finally:
            await self._drain()

    async def _start_due(self) -> int | None:
        """Everything that is due and has room is under way; how long until more is, if known."""
        free = ATTEMPTS_AT_ONCE_MAX - len(self._busy)
        if free <= 0:
            return None  # the next one to end stirs us
        now_ms = self._now_ms()
        taken = await self._outbox.take(
            now_ms,
            until_ms=now_ms + LEASE_MS,
            limit=free,
            busy=Counter(self._busy.values()),
            per_lane=ATTEMPTS_PER_HOST_MAX,
        )
        for leased in taken.leases:
            task = asyncio.create_task(self._work(leased))
            self._busy[task] = leased.lane
            task.add_done_callback(self._ended)
        if taken.next_due_ms is None:
            return None
        return max(0, taken.next_due_ms - self._now_ms())

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._busy[task]
        self._stirred.set()

    async def _drain(self) -> None:
        """An answer that is on its way is recorded; what takes longer is sent again."""
        if self._busy:
            _, late = await asyncio.wait(self._busy, timeout=DRAIN_MS / 1000)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, leased: Leased) -> None:
        structlog.contextvars.bind_contextvars(
            transcription_id=leased.stream.removeprefix(TRANSCRIPTION)
        )
        try:
            event = await self._requests.event(leased.position)
            structlog.contextvars.bind_contextvars(correlation_id=event.correlation_id)
            await self._deliver(leased, event)
        except StoreError as exc:
            log.warning("delivery.put_off", reason=str(exc), retry_in_ms=STORE_RETRY_MS)
            with suppress(StoreError):
                await self._outbox.put_off(leased, self._now_ms() + STORE_RETRY_MS)
        except Exception:
            # A fault of ours must not end the loop for everybody else: it is recorded, and the
            # delivery is looked at again when its lease has expired.
            log.exception("delivery.crashed")

    async def _deliver(self, leased: Leased, event: Event) -> None:
        if leased.ending is not None:
            await self._end(leased, event, leased.ending)
            return
        webhook = await self._webhook(event)
        if not isinstance(webhook, Webhook):
            log.warning("delivery.abandoned", reason=webhook.reason)
            await self._end(leased, event, webhook)
            return
        status = await self._readable.wait(event.stream.removeprefix(TRANSCRIPTION))
        if status is None:
            log.warning("delivery.not_readable", retry_in_ms=VIEWS_LATE_MS)
            await self._outbox.put_off(leased, self._now_ms() + VIEWS_LATE_MS)
            return
        body = callback_body(event.stream.removeprefix(TRANSCRIPTION), status)
        await self._attempt(leased, event, webhook, body)

    async def _webhook(self, event: Event) -> Webhook | Ending:
        """Whom to call, or why nobody can be called."""
        try:
            webhook = await self._requests.webhook(event.stream)
        except RequestUnreadable:
            return Ending(reason="unreadable")
        if webhook is None or not is_sendable(webhook):
            return Ending(reason="unsendable")
        return webhook

    async def _attempt(self, leased: Leased, event: Event, webhook: Webhook, body: bytes) -> None:
        began_ms = self._now_ms()
        result = await self._sender.send(webhook, body)
        now_ms = self._now_ms()
        attempt = Attempt(
            number=leased.attempts + 1,
            at_ms=began_ms,
            took_ms=max(0, now_ms - began_ms),
            status=result.status if isinstance(result, Answered) else None,
            outcome=outcome_of(result),
        )
        verdict = after_attempt(result, attempt.number, self._timing)
        retry = verdict if isinstance(verdict, Retry) else None
        ending = None if isinstance(verdict, Retry) else verdict
        held = await self._outbox.record(
            leased,
            attempt,
            due_at_ms=None if retry is None else now_ms + retry.in_ms,
            ending=ending,
        )
        self._metrics.delivery_attempted(attempt.outcome)
        log.info(
            "delivery.attempted",
            attempt=attempt.number,
            outcome=attempt.outcome,
            status=attempt.status,
            took_ms=attempt.took_ms,
            retry_in_ms=None if retry is None else retry.in_ms,
        )
        if ending is not None and held:
            status = leased.status if attempt.status is None else attempt.status
            ended = replace(leased, attempts=attempt.number, status=status, ending=ending)
            await self._end(ended, event, ending)

    async def _end(self, leased: Leased, event: Event, ending: Ending) -> None:
        """The log has the fact, then the outbox has the delivery no more."""
        await record_ending(
            self._events,
            event,
            ending,
            attempts=leased.attempts,
            status=leased.status,
            now_ms=self._now_ms,
        )
        await self._outbox.remove(leased, self._now_ms())
        self._metrics.delivered(ending.reason or "succeeded")
