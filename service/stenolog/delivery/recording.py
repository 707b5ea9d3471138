"""Record once how a delivery ended: in the transcription's stream, or the endpoint's."""

from __future__ import annotations

from stenolog.delivery.outbox import Ending, Leased
from stenolog.log.actors import DELIVERY
from stenolog.log.event import Event
from stenolog.log.events.deliveries import DeliveryFailed, DeliverySucceeded
from stenolog.log.events.endpoints import DELIVERIES
from stenolog.log.facts import delivery_ended
from stenolog.log.recorder import Cause, FactRecorder


async def record_ending(facts: FactRecorder, told: Event, leased: Leased, ending: Ending) -> None:
    """Record how the delivery ended; repeating it for the event that was `told` changes nothing.

    Raises:
        StoreUnavailable: Nothing was written.
        OutcomeUnknown: It may have been written; call again.
    """
    cause = Cause(
        tenant=told.tenant,
        actor=DELIVERY,
        correlation_id=told.correlation_id,
        causation_id=told.id,
    )
    stream = DELIVERIES + leased.endpoint if leased.endpoint else told.stream
    await facts.record(stream, [delivery_ended(told.id, _ended(leased, ending))], cause)


def _ended(leased: Leased, ending: Ending) -> DeliverySucceeded | DeliveryFailed:
    status = leased.status
    said = {
        "kind": leased.kind,
        "attempts": leased.attempts,
        "endpoint": leased.endpoint or None,
        "position": leased.position,
        "round": leased.round,
    }
    if ending.reason is not None:
        return DeliveryFailed.model_validate({**said, "status": status, "reason": ending.reason})
    assert status is not None
    return DeliverySucceeded.model_validate({**said, "status": status})
