"""Declare the events of deliveries to customers' webhooks and endpoints."""

from __future__ import annotations

from typing import Literal

from stenolog.log.event_data import AttemptCount, Count, EventData, HttpStatus, Id

DeliveryKind = Literal["outcome", "redacted_audio", "event"]
"""What is told: to a transcription's own webhook two things, to an endpoint an event."""

UndeliveredReason = Literal[
    "refused", "exhausted", "forbidden", "unsendable", "unreadable", "unavailable", "disabled"
]
WebhookEnding = Literal["delivered"] | UndeliveredReason


class DeliverySucceeded(EventData):
    """The receiver accepted the message about the event at `position`.

    It stands in the transcription's stream, or that of the endpoint's deliveries. `round` is 0
    for the first delivery; others were asked for.
    """

    type = "delivery.succeeded"
    public = False
    payload = ""
    opens_stream = True

    kind: DeliveryKind
    attempts: AttemptCount
    status: HttpStatus
    endpoint: Id | None = None
    position: Count | None = None
    round: Count = 0


class DeliveryFailed(EventData):
    """The message is given up; `status` is the last that the receiver answered, if any."""

    type = "delivery.failed"
    public = False
    payload = ""
    opens_stream = True

    kind: DeliveryKind
    attempts: AttemptCount
    status: HttpStatus | None
    reason: UndeliveredReason
    endpoint: Id | None = None
    position: Count | None = None
    round: Count = 0


class DeliveryResendRequested(EventData):
    """The message about the event at `position` is sent to the transcription's webhook again."""

    type = "delivery.resend_requested"
    public = False
    payload = ""

    kind: DeliveryKind
    position: Count
    round: Count
