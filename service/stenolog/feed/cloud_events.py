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
from stenolog.log.events.transcriptions import TRANSCRIPTION

SEQUENCE_DIGITS = 20
SHAPE = 1  # of the data of every type, at the end of `dataschema`
TRANSCRIPTS = "/api/v1/transcripts/"
EVENT_TYPES = "/api/v1/event-types/"


def cloud_event(event: Event, *, previous: int, public_url: str) -> dict[str, Any]:
    """Return the event as its tenant is told of it.

    `previous` is the sequence of the event before it among those that this reader wants, 0 for the
    first. `public_url` is where the gateway is reached. Nothing of it is what somebody said: a
    digest of that is keyed, and means nothing once the key is destroyed.
    """
    transcription_id = event.stream.removeprefix(TRANSCRIPTION)
    shown: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"{public_url}/t/{event.tenant}",
        "type": f"{PREFIX}{event.type}",
        "subject": transcription_id,
        "time": event.time,
        "timestamp": event.time,
        "datacontenttype": "application/json",
        "dataschema": f"{public_url}{EVENT_TYPES}{PREFIX}{event.type}/{SHAPE}",
        "sequence": f"{event.sequence:0{SEQUENCE_DIGITS}d}",
        "previous": f"{previous:0{SEQUENCE_DIGITS}d}",
        "position": str(event.position),
        "partitionkey": transcription_id,
        "correlationid": event.correlation_id,
        "data": thin_data(event, transcription_id, public_url),
    }
    if event.causation_id is not None:
        shown["causationid"] = event.causation_id
    return shown


def thin_data(event: Event, transcription_id: str, public_url: str) -> Mapping[str, Any]:
    """Return ids, counts and links, and the keyed digest of what the log has sealed."""
    return {
        "transcript_id": transcription_id,
        **event.data,
        "digest": event.commitment,
        "links": {"transcript": f"{public_url}{TRANSCRIPTS}{transcription_id}"},
    }
