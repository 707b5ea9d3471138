"""Fold a legal hold from its stream, and read and write what its payload says. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import orjson

from stenolog.log.catalogue import read_data
from stenolog.log.event import Event
from stenolog.log.events.holds import HOLD, HoldExtended, HoldPlaced, HoldReleased


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold after `version` events of its stream.

    Attributes:
        transcription: What it is on; None: all of a subject.
        placed: Its first event, which has the reason.
        extended: On how many of the subject's transcriptions it is, and how many were erased
            before, of those that were there when it was placed; None: not all were looked at.
    """

    id: str
    version: int
    tenant: str
    transcription: str | None
    placed: Event
    extended: tuple[int, int] | None = None
    released: Event | None = None

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return HOLD + self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSubject:
    """A hold on a subject, as `keys.db` has it."""

    hold: str
    tenant: str
    digest: bytes


class HeldSubjects(Protocol):
    """Keeps which subjects are on hold; `stores/*/keys` keeps this promise.

    Every method raises `StoreUnavailable` when the keys cannot be read or written.
    """

    async def hold_subject(self, held: HeldSubject) -> None:
        """Note it, durably; repeating changes nothing."""
        ...

    async def release_subject(self, hold: str) -> None:
        """Remove it, durably; do nothing when it is not there."""
        ...

    async def holds_of_subject(self, tenant: str, digest: bytes) -> Sequence[str]:
        """Return the ids of the holds on a subject."""
        ...

    async def held_among(self, holds: Collection[str]) -> Collection[str]:
        """Return those of these holds that are noted."""
        ...


def fold(hold_id: str, events: Iterable[Event]) -> Hold | None:
    """Return the hold after these events of its stream, from the first; None: there are none.

    Raises:
        SchemaTooNew: This version does not know an event's type or shape.
    """
    hold: Hold | None = None
    for event in events:
        match read_data(event.type, event.data):
            case HoldPlaced() as placed:
                hold = Hold(
                    id=hold_id,
                    version=event.version,
                    tenant=event.tenant,
                    transcription=placed.transcription,
                    placed=event,
                )
            case HoldExtended() as extended if hold is not None:
                hold = replace(hold, extended=(extended.transcripts, extended.erased))
            case HoldReleased() if hold is not None:
                hold = replace(hold, released=event)
        hold = None if hold is None else replace(hold, version=event.version)
    return hold


def payload_of(reason: str, digest: bytes | None) -> bytes:
    """Return the payload of `hold.placed`: why, and the keyed hash of whom it is about."""
    return orjson.dumps({"reason": reason, "subject": digest.hex() if digest else None})


def read_payload(opened: bytes) -> tuple[str, bytes | None]:
    """Return the inverse of `payload_of`."""
    said = orjson.loads(opened)
    return said["reason"], bytes.fromhex(said["subject"]) if said["subject"] else None
