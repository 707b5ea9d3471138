"""The fan-out: follows the log and writes down, for each outcome, whom it owes a delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

import structlog

from stenolog.backoff import exponential_ms
from stenolog.clock import NowMs
from stenolog.delivery.outbox import DELIVERIES_PER_ADD_MAX, Checkpoint, Outbox, Pending
from stenolog.delivery.webhook import Requests, RequestUnreadable
from stenolog.errors import RecordDamaged, StoreError
from stenolog.log.event import Event
from stenolog.log.events.deliveries import DeliveryKind
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.log.place import is_in_log
from stenolog.log.store import EventStore

COMPLETED = frozenset({TranscriptionCompleted.type, TranscriptionCompletedLate.type})
OUTCOMES = COMPLETED | {TranscriptionFailed.type}
DELIVERIES_PER_EVENT_MAX = 2  # the outcome, and the redacted audio
EVENTS_PER_STEP_MAX = DELIVERIES_PER_ADD_MAX // DELIVERIES_PER_EVENT_MAX
# Events without a delivery move only the position in memory: this many are read again at most.
EVENTS_UNSAVED_MAX = 1_000
RETRY_FIRST_MS = 100
RETRY_CEILING_MS = 5_000

log = structlog.get_logger(__name__)


class FanOut:
    """A reactor: each outcome is looked at once, and never again by a rebuild or a replay.

    Rows and checkpoint are one transaction. A `work.db` that is new, or that followed another
    log, begins at the head: what ended before is never told to customers in a flood.
    """

    def __init__(
        self,
        events: EventStore,
        requests: Requests,
        outbox: Outbox,
        *,
        lane_of: Callable[[str, str], str],
        now_ms: NowMs,
        added: Callable[[], None],
    ) -> None:
        """`lane_of` marks a tenant with a URL's host and port; `added`: something is owed."""
        self._events = events
        self._requests = requests
        self._outbox = outbox
        self._lane_of = lane_of
        self._now_ms = now_ms
        self._added = added
        self._saved = 0
        self._position: int | None = None

    async def resume(self) -> int:
        """There is a checkpoint, which is returned; called before anything can be requested.

        Raises:
            StoreUnavailable: A store cannot be read or written.
        """
        checkpoint = await self._outbox.checkpoint()
        if checkpoint is None or not await is_in_log(
            self._events, checkpoint.position, checkpoint.event_id
        ):
            if checkpoint is not None:
                log.warning("outbox.discarded", reason="it is not of this log")
            # DECISIONS 50: from 0 on, every customer would be called for everything again.
            checkpoint = await self._head()
            await self._outbox.begin(checkpoint)
        self._saved = self._position = checkpoint.position
        return checkpoint.position

    async def run(self) -> NoReturn:
        """Follow the log until cancelled; a store that fails is tried again, nothing is lost."""
        failed = 0
        while True:
            try:
                if self._position is None:
                    await self.resume()
                if not await self.step():
                    assert self._position is not None
                    await self._events.wait(after=self._position)
                failed = 0
            except StoreError as exc:
                # What is stored may be ahead of what is known here: read it again.
                self._position = None
                failed += 1
                retry_in_ms = exponential_ms(
                    failed, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_CEILING_MS
                )
                log.warning("fan_out.interrupted", reason=str(exc), retry_in_ms=retry_in_ms)
                await asyncio.sleep(retry_in_ms / 1000)

    async def step(self) -> bool:
        """A bounded number of events was looked at; False: there are none.

        Raises:
            StoreError: A store failed; `resume` before going on.
        """
        assert self._position is not None, "resume first"
        try:
            events = await self._events.read(after=self._position, limit=EVENTS_PER_STEP_MAX)
        except RecordDamaged as exc:
            log.error("fan_out.record_damaged", position=exc.position, reason=str(exc))
            self._position = exc.position
            return True
        if not events:
            return False
        pending = [owed for event in events for owed in await self._owed(event)]
        to = Checkpoint(position=events[-1].position, event_id=events[-1].id)
        if pending or to.position - self._saved >= EVENTS_UNSAVED_MAX:
            await self._outbox.add(pending, after=self._saved, to=to)
            self._saved = to.position
        self._position = to.position
        if pending:
            self._added()
        return True

    async def _owed(self, event: Event) -> list[Pending]:
        if event.type not in OUTCOMES or not event.stream.startswith(TRANSCRIPTION):
            return []
        try:
            webhook = await self._requests.webhook(event.stream)
        except RequestUnreadable:
            return []  # nobody knows any more whether there was one
        if webhook is None:
            return []
        kinds: list[DeliveryKind] = ["outcome"]
        if webhook.redacted_audio and event.type in COMPLETED:
            kinds.append("redacted_audio")
        return [
            Pending(
                position=event.position,
                kind=kind,
                stream=event.stream,
                tenant=event.tenant,
                lane=self._lane_of(event.tenant, webhook.url),
                created_at_ms=self._now_ms(),
            )
            for kind in kinds
        ]

    async def _head(self) -> Checkpoint:
        head = await self._events.head()
        try:
            found = await self._events.read(after=head - 1, limit=1) if head else []
        except RecordDamaged:
            found = []
        return Checkpoint(position=head, event_id=found[0].id if found else "")
