"""Declare the events of deliveries to customers' endpoints."""

from __future__ import annotations

from typing import Literal

from stenolog.log.event_data import AttemptCount, EventData, HttpStatus

DeliveryKind = Literal["outcome", "redacted_audio"]
UndeliveredReason = Literal[
    "refused", "exhausted", "forbidden", "unsendable", "unreadable", "unavailable"
]
WebhookEnding = Literal["delivered"] | UndeliveredReason


class DeliverySucceeded(EventData):
    """The customer's webhook accepted the message."""

    type = "delivery.succeeded"
    public = False
    payload = ""

    kind: DeliveryKind
    attempts: AttemptCount
    status: HttpStatus


class DeliveryFailed(EventData):
    """The customer's webhook is given up; `status` is the last that it answered, if any."""

    type = "delivery.failed"
    public = False
    payload = ""

    kind: DeliveryKind
    attempts: AttemptCount
    status: HttpStatus | None
    reason: UndeliveredReason
