"""Make the messages to endpoints: a public event, as the feed shows it."""

from __future__ import annotations

import orjson

from stenolog.delivery.outbox import Ending, Leased
from stenolog.delivery.posted import Message, NotYet
from stenolog.delivery.readiness import ReadableOutcomes
from stenolog.delivery.webhook import Webhook
from stenolog.endpoints.deciding import EndpointDecisions
from stenolog.endpoints.registry import Endpoints
from stenolog.endpoints.state import Endpoint
from stenolog.errors import KeyLost
from stenolog.feed.cloud_events import cloud_event
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.projections.rows import Status

CLOUD_EVENT = "application/cloudevents+json"
ANSWER_BYTES_KEPT = 2_048
OUTCOMES = frozenset(
    {TranscriptionCompleted.type, TranscriptionCompletedLate.type, TranscriptionFailed.type}
)


class EndpointMessages:
    """Makes messages that whoever follows their link finds true."""

    def __init__(
        self,
        registry: Endpoints,
        decisions: EndpointDecisions,
        readable: ReadableOutcomes,
        *,
        public_url: str,
        timeout_ms: int,
    ) -> None:
        """`public_url` is where the gateway is reached."""
        self._registry = registry
        self._decisions = decisions
        self._readable = readable
        self._public_url = public_url
        self._timeout_ms = timeout_ms

    async def of(self, leased: Leased, event: Event) -> Message | NotYet | Ending:
        """Make what is posted for this event, or say why nothing is: not yet, or never.

        Raises:
            StoreUnavailable: A store cannot be read now.
        """
        endpoint = self._registry.get(leased.endpoint)
        if self._registry.is_unreadable(leased.endpoint):
            return NotYet(reason="the endpoint cannot be read", missing="unreadable")
        if endpoint is None or endpoint.disabled is not None:
            return Ending(reason="disabled")
        if event.type in OUTCOMES:
            status = await readable_status(self._readable, leased, event)
            if isinstance(status, NotYet):
                return status
        told = cloud_event(
            event,
            previous=leased.previous,
            public_url=self._public_url,
            replay=replay_of(endpoint, leased.round),
        )
        return await self.message(endpoint, told["id"], orjson.dumps(told))

    async def message(
        self, endpoint: Endpoint, message_id: str, body: bytes
    ) -> Message | NotYet | Ending:
        """Make a message of this body for the endpoint.

        Raises:
            StoreUnavailable: The keys cannot be read now.
        """
        try:
            signing = await self._decisions.signing(endpoint)
        except KeyLost as exc:
            return NotYet(reason=str(exc), missing="unreadable")
        return Message(
            webhook=Webhook(url=endpoint.settings.url),
            body=body,
            id=message_id,
            signing=signing,
            content_type=CLOUD_EVENT,
            headers=tuple(endpoint.settings.headers.items()),
            answer_bytes=ANSWER_BYTES_KEPT,
            timeout_ms=self._timeout_ms,
        )


def replay_of(endpoint: Endpoint, round_number: int) -> int:
    """Return the number of the replay that a round is; 0: it tells the same messages as before."""
    if not 0 < round_number <= len(endpoint.rounds):
        return 0
    return round_number if endpoint.rounds[round_number - 1].replay else 0


async def readable_status(
    readable: ReadableOutcomes, leased: Leased, event: Event
) -> Status | NotYet:
    """Return the status that `GET` shows, once it shows what the event tells.

    Raises:
        StoreUnavailable: The views cannot be read.
    """
    transcription = event.stream.removeprefix(TRANSCRIPTION)
    if leased.waits_since_ms is None:
        status = await readable.wait(transcription, version=event.version)
    else:  # it hears when they go on, and keeps nobody from a slot
        status = await readable.status(transcription, event.version)
    if status is None:
        return NotYet(reason="the outcome is not readable", missing="unreadable", awaits_views=True)
    return status
