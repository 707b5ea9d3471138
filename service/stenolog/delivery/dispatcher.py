"""Take due deliveries from the outbox, have them sent, and record how they ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.delivery.message import Message, Messages, NotYet
from stenolog.delivery.outbox import Attempt, Ending, Leased, Outbox
from stenolog.delivery.recording import record_ending
from stenolog.delivery.rules import (
    Answered,
    Retry,
    Timing,
    after_attempt,
    look_again_in_ms,
    outcome_of,
)
from stenolog.delivery.sender import Sender
from stenolog.delivery.webhook import Requests, RequestUnreadable
from stenolog.errors import StoreError
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.recorder import FactRecorder

# DECISIONS 49: one tenant's silent receivers hold up nobody else's.
ATTEMPTS_AT_ONCE_MAX = 256  # a tenant alone gets half of them; see `slots`
ATTEMPTS_PER_LANE_MAX = 32  # of a tenant's calls of one host and port that does not answer
LEASE_MS = 60_000  # longer than waiting for views and audio, an attempt and the writes around
STORE_RETRY_MS = 1_000
DRAIN_MS = 3_000  # for attempts under way when the service stops

log = structlog.get_logger(__name__)


class Metrics(Protocol):
    """Counts deliveries and attempts."""

    def delivery_attempted(self, outcome: str) -> None:
        """Count a call of a receiver."""
        ...

    def delivered(self, outcome: str) -> None:
        """Count a delivery that ended: `succeeded`, or why it did not."""
        ...


class Dispatcher:
    """Calls due webhooks until cancelled; `wake` may be called at any time on its loop.

    After a crash an attempt that was not recorded is made again. When the last attempt was
    recorded, only the fact is still to be appended; if the log has it already, its dedupe key says
    so, and the delivery is removed.
    """

    def __init__(
        self,
        facts: FactRecorder,
        requests: Requests,
        outbox: Outbox,
        messages: Messages,
        sender: Sender,
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
        self._timing = timing
        self._metrics = metrics
        self._now_ms = now_ms
        self._busy: dict[asyncio.Task[None], Leased] = {}
        self._stirred = asyncio.Event()

    def wake(self) -> None:
        """Look at the outbox: something may be due. Costs nothing when repeated."""
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
        """Start what is due and has room; return how long until more is due, if that is known."""
        if len(self._busy) >= ATTEMPTS_AT_ONCE_MAX:
            return None  # the next one to end stirs us
        now_ms = self._now_ms()
        taken = await self._outbox.take(
            now_ms,
            until_ms=now_ms + LEASE_MS,
            busy=tuple(self._busy.values()),
            at_once=ATTEMPTS_AT_ONCE_MAX,
            per_lane=ATTEMPTS_PER_LANE_MAX,
        )
        for leased in taken.leases:
            task = asyncio.create_task(self._work(leased))
            self._busy[task] = leased
            task.add_done_callback(self._ended)
        if taken.next_due_ms is None:
            return None
        return max(0, taken.next_due_ms - self._now_ms())

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._busy[task]
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("delivery.crashed", exc_info=failure)
        self._stirred.set()

    async def _drain(self) -> None:
        """Wait for answers that are on their way; what takes longer is sent again after a start."""
        if self._busy:
            _, late = await asyncio.wait(self._busy, timeout=DRAIN_MS / 1000)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, leased: Leased) -> None:
        structlog.contextvars.bind_contextvars(
            transcription_id=leased.stream.removeprefix(TRANSCRIPTION), kind=leased.kind
        )
        try:
            event = await self._requests.event(leased.position)
            structlog.contextvars.bind_contextvars(correlation_id=event.correlation_id)
            await self._deliver(leased, event)
        except StoreError as exc:
            if exc.retryable:
                await self._put_off(leased, str(exc), STORE_RETRY_MS)
            else:
                await self._drop(leased, exc)
        except Exception:
            # A fault of ours must not end the loop for everybody else: it is recorded, and the
            # delivery is looked at again when its lease has expired.
            log.exception("delivery.crashed")

    async def _deliver(self, leased: Leased, event: Event) -> None:
        if leased.ending is not None:
            await self._end(leased, event, leased.ending)
            return
        match await self._messages.of(leased, event):
            case Message() as message:
                await self._attempt(leased, event, message)
            case Ending() as ending:
                await self._abandon(leased, event, ending)
            case NotYet() as lacking:
                retry_in_ms = look_again_in_ms(self._now_ms() - leased.created_at_ms)
                if retry_in_ms is None:
                    await self._abandon(leased, event, Ending(reason=lacking.missing))
                else:
                    log.info("delivery.waits", reason=lacking.reason, retry_in_ms=retry_in_ms)
                    await self._outbox.put_off(leased, self._now_ms() + retry_in_ms)

    async def _put_off(self, leased: Leased, reason: str, retry_in_ms: int) -> None:
        log.warning("delivery.put_off", reason=reason, retry_in_ms=retry_in_ms)
        with suppress(StoreError):  # then it falls due with its lease
            await self._outbox.put_off(leased, self._now_ms() + retry_in_ms)

    async def _abandon(self, leased: Leased, event: Event, ending: Ending) -> None:
        log.warning("delivery.abandoned", reason=ending.reason)
        await self._end(leased, event, ending)

    async def _drop(self, leased: Leased, damage: StoreError) -> None:
        """Remove a delivery whose event cannot be read; record that if its request can be.

        A log that does not take the fact is waited for: what the receiver answered is not lost.
        """
        log.error("delivery.dropped", position=leased.position, reason=str(damage))
        ending = leased.ending or Ending(reason="unreadable")
        try:
            with suppress(RequestUnreadable):
                request = await self._requests.request(leased.stream)
                await record_ending(self._facts, request, leased, ending)
            await self._removed(leased, ending)
        except StoreError as exc:
            await self._put_off(leased, str(exc), STORE_RETRY_MS)

    async def _attempt(self, leased: Leased, event: Event, message: Message) -> None:
        began_ms = self._now_ms()
        result = await self._sender.send(message.webhook, message.body, tenant=leased.tenant)
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
        """Record the fact, and only then remove the delivery."""
        await record_ending(self._facts, event, leased, ending)
        await self._removed(leased, ending)

    async def _removed(self, leased: Leased, ending: Ending) -> None:
        await self._outbox.remove(leased, self._now_ms())
        self._metrics.delivered(ending.reason or "succeeded")
