"""Show a public event as CloudEvents 1.0 has it: one JSON object, thin, with links to content.

The attributes are those of https://github.com/cloudevents/spec (1.0.2), of its extensions sequence
and partitioning, and of Standard Webhooks, whose `timestamp` says the same as `time`. An integer of
CloudEvents has 32 bits: positions and sequences are strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stenolog.feed.types import PREFIX
from stenolog.log.event import Event
from stenolog.log.events.endpoints import ENDPOINT
from stenolog.log.events.transcriptions import TRANSCRIPTION

SEQUENCE_DIGITS = 20
SHAPE = 1  # of the data of every type, at the end of `dataschema`
TRANSCRIPTS = "/api/v1/transcripts/"
ENDPOINTS = "/api/v1/endpoints/"
EVENT_TYPES = "/api/v1/event-types/"


def cloud_event(event: Event, *, previous: int, public_url: str, replay: int = 0) -> dict[str, Any]:
    """Return the event as its tenant is told of it.

    `previous` is the sequence of the event before it among those that this reader wants, 0 for the
    first. `public_url` is where the gateway is reached. Nothing of it is what somebody said: a
    digest of that is keyed, and means nothing once the key is destroyed. What is told once more on
    purpose, in its `replay`, has another id, so that nobody drops it as told before.
    """
    subject = subject_of(event)
    shown: dict[str, Any] = {
        "specversion": "1.0",
        "id": message_id(event.id, replay),
        "source": f"{public_url}/t/{event.tenant}",
        "type": f"{PREFIX}{event.type}",
        "subject": subject,
        "time": event.time,
        "timestamp": event.time,
        "datacontenttype": "application/json",
        "dataschema": f"{public_url}{EVENT_TYPES}{PREFIX}{event.type}/{SHAPE}",
        "sequence": f"{event.sequence:0{SEQUENCE_DIGITS}d}",
        "previous": f"{previous:0{SEQUENCE_DIGITS}d}",
        "position": str(event.position),
        "partitionkey": subject,
        "correlationid": event.correlation_id,
        "data": thin_data(event, public_url),
    }
    if event.causation_id is not None:
        shown["causationid"] = event.causation_id
    if replay:
        shown["replayof"] = event.id
    return shown


def message_id(event_id: str, replay: int) -> str:
    """Return the id of an event as it is told, or as it is told once more."""
    return f"{event_id}-r{replay}" if replay else event_id


def subject_of(event: Event) -> str:
    """Return the id of what the event is about."""
    return event.stream.removeprefix(TRANSCRIPTION).removeprefix(ENDPOINT)


def thin_data(event: Event, public_url: str) -> Mapping[str, Any]:
    """Return ids, counts and links, and the keyed digest of what the log has sealed."""
    name, kind, path = named(event.type)
    subject = subject_of(event)
    return {
        name: subject,
        **event.data,
        "digest": event.commitment,
        "links": {kind: f"{public_url}{path}{subject}"},
    }


def named(event_type: str) -> tuple[str, str, str]:
    """Return how the data of a type names its subject, how a link to it, and the link's path."""
    if event_type.startswith("endpoint."):
        return "endpoint_id", "endpoint", ENDPOINTS
    return "transcript_id", "transcript", TRANSCRIPTS
