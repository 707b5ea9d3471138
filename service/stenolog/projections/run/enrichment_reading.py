"""Read what was analysed here of a result: the event that stands before it in its stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from stenolog.errors import RecordDamaged, SchemaTooNew
from stenolog.log.catalogue import read_data
from stenolog.log.event import Event
from stenolog.log.events.enrichments import TranscriptEnriched
from stenolog.log.store import EventReads
from stenolog.projections.enrichments import Enrichment
from stenolog.projections.run.opened import OpenedPayload


async def enrichment_before(
    outcome: Event, log: EventReads, opened: Callable[[Event], Awaitable[OpenedPayload]]
) -> tuple[Enrichment | None, bool]:
    """Return what was made of an enriched outcome's result; False beside None: it is damaged.

    None and True: its key is gone, as the outcome's own is in a moment.

    Raises:
        StoreUnavailable: The log or the keys cannot be read now.
    """
    before = outcome.version - 1
    try:
        found = await log.read_stream(outcome.stream, after=before - 1, limit=1)
        data = read_data(found[0].type, found[0].data) if found else None
    except (RecordDamaged, SchemaTooNew):
        return None, False
    if not isinstance(data, TranscriptEnriched) or found[0].version != before:
        return None, False
    payload = await opened(found[0])
    if payload.plaintext is None:
        return None, not payload.damaged
    return Enrichment(data=data, payload=payload.plaintext), True
