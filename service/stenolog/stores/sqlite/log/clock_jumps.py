"""Record that the machine's clock has jumped, in the log's own stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.log.actors import OPERATOR, SYSTEM, SYSTEM_TENANT
from stenolog.log.appends import Together, checked
from stenolog.log.event import NewEvent
from stenolog.log.events.logs import LOG, ClockJumped, ClockReason, LogRestored
from stenolog.log.format import LogIdentity
from stenolog.log.recorder import id_at, new_id
from stenolog.log.store import Append

US_PER_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """How far the clock was off that is believed now, and why it is."""

    off_us: int
    reason: ClockReason


def with_jumps(
    batch: Sequence[Together], told: Sequence[Together]
) -> tuple[Sequence[Together], slice]:
    """Return the batch with what tells of jumps before it, and where its own outcomes are.

    Behind a `log.restored`, for that begins the epoch of all that is new.
    """
    first = next((event for append in (batch[0] if batch else ()) for event in append.events), None)
    if first is not None and first.type == LogRestored.type:
        return [*batch, *told], slice(len(batch))
    return [*told, *batch], slice(len(told), None)


def telling_of(jump: Jump, identity: LogIdentity, at_us: int) -> Together:
    """Return the append that records the jump, as of this time in microseconds."""
    event = NewEvent(
        id=id_at(at_us // US_PER_MS),
        type=ClockJumped.type,
        tenant=SYSTEM_TENANT,
        actor=OPERATOR if jump.reason == "accepted" else SYSTEM,
        correlation_id=new_id(),
        causation_id=None,
        data=ClockJumped(off_ms=jump.off_us // US_PER_MS, reason=jump.reason).model_dump(),
    )
    return checked([Append(stream=LOG + identity.log_id, events=[event])])
