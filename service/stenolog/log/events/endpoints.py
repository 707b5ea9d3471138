"""Declare the events of customers' endpoints, to which events are pushed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stenolog.log.event_data import Count, EventData

Ordering = Literal["transcript", "none"]
DisabledReason = Literal["requested", "gone", "failing"]
"""Who disabled it: its owner; the endpoint itself, with 410; or we, because nothing succeeded."""

RatePerSecond = Annotated[int, Field(ge=1, le=1_000)]
RoundNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
WarningStage = Annotated[int, Field(ge=1, le=3)]


class EndpointCreated(EventData):
    """Events behind the position `start` are pushed to a customer's address from now on."""

    type = "endpoint.created"
    public = False
    payload = "`url`, `types`, `headers`, `description`"
    opens_stream = True

    ordering: Ordering
    rate_per_second: RatePerSecond | None
    start: Count


class EndpointChanged(EventData):
    """What it is from now on; the payload is whole."""

    type = "endpoint.changed"
    public = False
    payload = "`url`, `types`, `headers`, `description`"

    ordering: Ordering
    rate_per_second: RatePerSecond | None


class EndpointDisabled(EventData):
    """Nothing is pushed any more until it is enabled; the place in the events is kept."""

    type = "endpoint.disabled"
    public = True
    payload = ""

    reason: DisabledReason


class EndpointEnabled(EventData):
    """Events are pushed again, from where it stood."""

    type = "endpoint.enabled"
    public = False
    payload = ""


class EndpointWarned(EventData):
    """Nothing has succeeded for long; after the third warning the endpoint is disabled."""

    type = "endpoint.warned"
    public = True
    payload = ""

    stage: WarningStage
    failing_ms: Count


class EndpointReplayRequested(EventData):
    """The public events between two positions are pushed once more, as new messages."""

    type = "endpoint.replay_requested"
    public = False
    payload = "`types`, where it is for some alone"
    payload_is = "optional"

    number: RoundNumber
    after: Count
    until: Count


class EndpointRecoveryRequested(EventData):
    """What failed since a time is pushed again, as the same messages.

    `until` is the version that the stream of the endpoint's deliveries had.
    """

    type = "endpoint.recovery_requested"
    public = False
    payload = ""

    number: RoundNumber
    since_ms: Count
    until: Count


class EndpointDeleted(EventData):
    """It is gone; the last event of its stream."""

    type = "endpoint.deleted"
    public = False
    payload = ""


ENDPOINT = "endpoint-"
"""How the stream of an endpoint begins; its id follows."""

DELIVERIES = "deliveries-"
"""How the stream of an endpoint's deliveries begins; the endpoint's id follows."""
