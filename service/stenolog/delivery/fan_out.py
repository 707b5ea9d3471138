"""Follow the log, and put the deliveries that each outcome leads to into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from stenolog.clock import NowMs
from stenolog.delivery.outbox import DELIVERIES_PER_ADD_MAX, Outbox, Pending
from stenolog.delivery.webhook import Requests, RequestUnreadable, Webhook
from stenolog.errors import KeyLost, StoreError
from stenolog.log.checkpoint import Checkpoint, end_of
from stenolog.log.event import Event
from stenolog.log.events.deliveries import DeliveryKind, DeliveryResendRequested
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.log.lag import Lag, lag_behind
from stenolog.log.page import Page
from stenolog.log.store import EventStore
from stenolog.log.subscription import Subscription
from stenolog.repeated import Repeated
from stenolog.subscription_lines import SubscriptionLines

COMPLETED = frozenset({TranscriptionCompleted.type, TranscriptionCompletedLate.type})
OUTCOMES = COMPLETED | {TranscriptionFailed.type}
DELIVERIES_PER_EVENT_MAX = 2  # the outcome, and the redacted audio
EVENTS_PER_STEP_MAX = DELIVERIES_PER_ADD_MAX // DELIVERIES_PER_EVENT_MAX
# Events without a delivery move only the position in memory: this many are read again at most.
EVENTS_UNSAVED_MAX = 1_000

log = structlog.get_logger(__name__)


class FanOut:
    """Looks at each outcome once, and never again because of a rebuild or a replay.

    Rows and checkpoint are written in one transaction. A `work.db` that is new, or that followed
    another log, begins at the head: otherwise customers would be called again for everything that
    has ended.
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
        news: Callable[[Iterable[str]], None] = lambda tenants: None,
    ) -> None:
        """`lane_of` gives the lane of a tenant and a URL; `added` hears that rows were added.

        `news` hears which tenants have new public events.
        """
        self._events = events
        self._requests = requests
        self._outbox = outbox
        self._lane_of = lane_of
        self._now_ms = now_ms
        self._added = added
        self._news = news
        self._saved = 0
        self._position = 0
        self._over = Repeated()
        self.subscription = Subscription(
            events, self, SubscriptionLines("fan_out"), events_per_page=EVENTS_PER_STEP_MAX
        )

    async def lag(self) -> Lag:
        """Measure what of the log it has not looked at yet.

        Raises:
            StoreUnavailable: The log cannot be read.
        """
        return await lag_behind(self._events, self._position, self._now_ms())

    async def saved(self) -> Checkpoint | None:
        """Return the outbox's checkpoint."""
        checkpoint = await self._outbox.checkpoint()
        if checkpoint is not None:
            self._saved = self._position = checkpoint.position
        return checkpoint

    async def begin(self, stale: Checkpoint | None) -> Checkpoint:
        """Begins at the head; what was owed for another log is dropped."""
        if stale is not None:
            log.warning(
                "outbox.discarded",
                reason="it is not of this log",
                advice="what it owed is not called again; restore work.db with its log",
            )
        # DECISIONS 50: from 0 on, every customer would be called for everything again.
        checkpoint = await end_of(self._events)
        await self._outbox.begin(checkpoint)
        self._saved = self._position = checkpoint.position
        return checkpoint

    async def handle(self, page: Page) -> bool:
        """Adds what the page's outcomes owe; never asks to be called at once."""
        pending = [owed for event in page.events for owed in await self._owed(event)]
        to = page.checkpoint
        if pending or to.position - self._saved >= EVENTS_UNSAVED_MAX:
            over = await self._outbox.add(pending, after=self._saved, to=to)
            if over and (times := self._over.times("over", over)):
                log.warning(
                    "outbox.tenant_full",
                    times=times,
                    advice="a tenant's receivers are down or too slow: see delivery.attempted",
                )
            self._saved = to.position
        self._position = to.position
        if pending:
            self._added()
        self._news({event.tenant for event in page.events if event.sequence})
        return False

    async def _owed(self, event: Event) -> list[Pending]:
        if event.type == DeliveryResendRequested.type:
            return await self._owed_again(event)
        if event.type not in OUTCOMES or not event.stream.startswith(TRANSCRIPTION):
            return []
        try:
            webhook = await self._requests.webhook(event.stream)
        except RequestUnreadable:
            return []  # nobody knows any more whether there was one
        except KeyLost:
            webhook = Webhook(url="")  # its delivery waits for the key, and not for ever
        except StoreError:
            raise
        except Exception:
            # One request must not end the fan-out for everybody. Its delivery meets the same error,
            # where it counts as an attempt.
            log.exception("fan_out.crashed", position=event.position)
            webhook = Webhook(url="")
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

    async def _owed_again(self, event: Event) -> list[Pending]:
        """What was asked to be sent again has a round of its own, with all its attempts."""
        asked = DeliveryResendRequested.model_validate(dict(event.data))
        try:
            webhook = await self._requests.webhook(event.stream)
        except (RequestUnreadable, KeyLost):
            return []
        if webhook is None:
            return []
        return [
            Pending(
                position=asked.position,
                kind=asked.kind,
                stream=event.stream,
                tenant=event.tenant,
                lane=self._lane_of(event.tenant, webhook.url),
                created_at_ms=self._now_ms(),
                round=asked.round,
            )
        ]
