"""Fold an erasure that was ordered from its stream: what it is of, and how far it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from stenolog.log.catalogue import read_data
from stenolog.log.event import Event
from stenolog.log.events.erasures import (
    ERASURE,
    ErasureEnded,
    ErasureListed,
    ErasureOrdered,
    ErasurePerformed,
    ErasureScope,
)

Outcome = Literal["erased", "held", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What became of one of the transcriptions, and when it was recorded."""

    outcome: Outcome
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureOrder:
    """An erasure after `version` events of its stream; version 0: there is none.

    Attributes:
        position: Of its last event.
        actor: Who ordered it.
        listed: The ids of its transcriptions, in the order in which they are erased.
        performed: What became of those that were looked at.
        ended_at: When all was gone at the providers, too; None: it is not yet.
    """

    id: str
    version: int = 0
    position: int = 0
    tenant: str = ""
    actor: str = ""
    correlation_id: str = ""
    scope: ErasureScope = "transcript"
    more: bool = False
    ordered_at: str = ""
    listed: tuple[str, ...] = ()
    performed: Mapping[str, Performed] = field(default_factory=dict)
    ended_at: str | None = None

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return ERASURE + self.id

    @property
    def left(self) -> tuple[str, ...]:
        """Those of its transcriptions that were not looked at yet."""
        return tuple(one for one in self.listed if one not in self.performed)

    def with_outcome(self, outcome: Outcome) -> tuple[str, ...]:
        """Return those of its transcriptions of which this became."""
        found = ((one, self.performed.get(one)) for one in self.listed)
        return tuple(one for one, what in found if what is not None and what.outcome == outcome)


def evolve(order: ErasureOrder, event: Event) -> ErasureOrder:
    """Return the erasure after one more event of its stream.

    Raises:
        SchemaTooNew: This version does not know the event's type or shape.
    """
    assert event.version == order.version + 1
    order = replace(order, version=event.version, position=event.position)
    match read_data(event.type, event.data):
        case ErasureOrdered() as ordered:
            return replace(
                order,
                tenant=event.tenant,
                actor=event.actor,
                correlation_id=event.correlation_id,
                scope=ordered.scope,
                more=ordered.more,
                ordered_at=event.time,
            )
        case ErasureListed() as listed:
            return replace(order, listed=(*order.listed, *listed.transcriptions))
        case ErasurePerformed() as done:
            return replace(order, performed={**order.performed, **_performed(done, event.time)})
        case ErasureEnded():
            return replace(order, ended_at=event.time)
        case _:
            return order


def _performed(done: ErasurePerformed, at: str) -> Mapping[str, Performed]:
    outcomes: Mapping[Outcome, list[str]] = {
        "erased": done.erased,
        "held": done.held,
        "missing": done.missing,
    }
    return {
        one: Performed(outcome=outcome, at=at) for outcome, ids in outcomes.items() for one in ids
    }
