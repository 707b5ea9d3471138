"""Give events the dedupe keys that production appends them with."""

from __future__ import annotations

from dataclasses import replace

from stenolog.log.derived_keys import derived_key
from stenolog.log.event import Event, NewEvent


def keyed(stream: str, event: NewEvent) -> NewEvent:
    """The event with its key; as it is when its type has none."""
    stored = Event(
        position=1,
        version=1,
        previous=0,
        sequence=0,
        time="",
        stream=stream,
        commitment=None,
        **{
            name: getattr(event, name)
            for name in ("id", "type", "tenant", "actor", "correlation_id", "causation_id", "data")
        },
    )
    key = derived_key(stored)
    return event if key is None else replace(event, dedupe_key=key)
