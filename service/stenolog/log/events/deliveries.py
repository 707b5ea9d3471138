"""What customers' endpoints were told."""

from __future__ import annotations

from typing import Literal

from stenolog.log.event_data import AttemptCount, EventData, HttpStatus

DeliveryKind = Literal["outcome", "redacted_audio"]
UndeliveredReason = Literal[
    "refused", "exhausted", "forbidden", "unsendable", "unreadable", "unavailable"
]


class DeliverySucceeded(EventData):
    """The customer's own webhook took what we had to tell."""

    type = "delivery.succeeded"
    public = False
    payload = ""

    kind: DeliveryKind
    attempts: AttemptCount
    status: HttpStatus


class DeliveryFailed(EventData):
    """The customer's webhook will not be told; `status` is the last that it answered, if any."""

    type = "delivery.failed"
    public = False
    payload = ""

    kind: DeliveryKind
    attempts: AttemptCount
    status: HttpStatus | None
    reason: UndeliveredReason
