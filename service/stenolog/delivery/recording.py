"""How a delivery ended becomes a fact in the transcription's stream, once."""

from __future__ import annotations

import os

from stenolog.clock import NowMs
from stenolog.delivery.outbox import Ending, Leased
from stenolog.errors import OutcomeUnknown
from stenolog.log.event import Event, NewEvent, uuid7
from stenolog.log.event_data import EventData
from stenolog.log.events.deliveries import DeliveryFailed, DeliveryKind, DeliverySucceeded
from stenolog.log.store import EventStore

# Who acts when it is not a customer: the reconciler is 1, a provider is 2.
DELIVERY = "00000000-0000-4000-8000-000000000003"


async def record_ending(
    log: EventStore, told: Event, leased: Leased, ending: Ending, *, now_ms: NowMs
) -> None:
    """The fact is in the log, however often this is called for the event that was `told`.

    Raises:
        StoreUnavailable: Nothing was written.
        OutcomeUnknown: It may have been written; call again.
    """
    data = _data(leased, ending)
    fact = NewEvent(
        id=uuid7(now_ms(), os.urandom(10)),
        type=data.type,
        tenant=told.tenant,
        actor=DELIVERY,
        correlation_id=told.correlation_id,
        causation_id=told.id,
        data=data.model_dump(),
        dedupe_key=_dedupe_key(told, leased.kind),
    )
    try:
        await log.append(told.stream, [fact])
    except OutcomeUnknown:
        await log.append(told.stream, [fact])


def _dedupe_key(told: Event, kind: DeliveryKind) -> str:
    return f"delivery-{told.id}" if kind == "outcome" else f"delivery-{told.id}:{kind}"


def _data(leased: Leased, ending: Ending) -> EventData:
    kind, attempts, status = leased.kind, leased.attempts, leased.status
    if ending.reason is not None:
        return DeliveryFailed(kind=kind, attempts=attempts, status=status, reason=ending.reason)
    assert status is not None
    return DeliverySucceeded(kind=kind, attempts=attempts, status=status)
