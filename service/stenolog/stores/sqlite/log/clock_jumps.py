"""Record that the machine's clock has jumped, in the log's own stream."""

from __future__ import annotations

from stenolog.log.actors import OPERATOR, SYSTEM, SYSTEM_TENANT
from stenolog.log.appends import Together, checked
from stenolog.log.event import NewEvent
from stenolog.log.events.logs import LOG, ClockJumped, ClockReason
from stenolog.log.format import LogIdentity
from stenolog.log.recorder import new_id
from stenolog.log.store import Append


def jump_recorded(identity: LogIdentity, jumped_us: int, reason: ClockReason) -> Together:
    """Return what to append before the first event that has the clock's new time."""
    event = NewEvent(
        id=new_id(),
        type=ClockJumped.type,
        tenant=SYSTEM_TENANT,
        actor=OPERATOR if reason == "accepted" else SYSTEM,
        correlation_id=new_id(),
        causation_id=None,
        data=ClockJumped(off_ms=jumped_us // 1_000, reason=reason).model_dump(),
    )
    return checked([Append(stream=LOG + identity.log_id, events=[event])])
