"""Check and weigh what is appended together, and name what must be read before it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stenolog.errors import StoreError
from stenolog.log.catalogue import read_data
from stenolog.log.sequencer import Weight
from stenolog.log.store import EVENTS_PER_APPEND_MAX, Append

EVENT_BYTES = 1_024  # an event's bytes, columns and index entries, rounded up

Together = tuple[Append, ...]
"""One call of `EventStore.append_all`: accepted whole or not at all."""


def checked(appends: Sequence[Append]) -> Together:
    """Return appends that the log can hold, so that in a batch they can fail nobody else's.

    Raises:
        StoreError: Too many events, a stream named twice, an id or a dedupe key given twice, data
            that the catalogue does not allow for the type, or a payload too many or too few.
    """
    events = [event for append in appends for event in append.events]
    if len(events) > EVENTS_PER_APPEND_MAX:
        raise StoreError(f"more than {EVENTS_PER_APPEND_MAX} events in one append")
    if len({append.stream for append in appends}) < len(appends):
        raise StoreError("a stream is named twice in one append")
    keys = [event.dedupe_key for event in events if event.dedupe_key is not None]
    if len({event.id for event in events}) < len(events) or len(set(keys)) < len(keys):
        raise StoreError("an append gives one id or dedupe key to two of its events")
    for event in events:
        data = read_data(event.type, event.data)
        if not data.may_have_payload(event.payload is not None):
            rule = data.payload_rule()
            raise StoreError(f"an event of type {event.type} has a payload: {rule}")
    return tuple(appends)


def weight(together: Together) -> Weight:
    """Count the events, and roughly the bytes that they will take in the file."""
    events = [event for append in together for event in append.events]
    boxes = sum(len(event.payload.box) for event in events if event.payload)
    return Weight(len(events), EVENT_BYTES * len(events) + boxes)


def touched(batch: Sequence[Together]) -> Mapping[str, set[str]]:
    """Name what must be read before a batch: `streams`, `tenants`, `ids`, `dedupe`."""
    appends = [append for together in batch for append in together]
    events = [event for append in appends for event in append.events]
    return {
        "streams": {append.stream for append in appends},
        "tenants": {event.tenant for event in events},
        "ids": {event.id for event in events},
        "dedupe": {event.dedupe_key for event in events if event.dedupe_key is not None},
    }
