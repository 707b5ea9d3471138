"""Declare what the plan can decide for a transcription; the actor carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.commands.transcription.state import Place
from stenolog.log.events.vocabulary import WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Claim submission `number` and call the provider at `place`; None: there is only one."""

    number: int
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Look for the job of a claim whose outcome is unknown."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Look for other jobs of a submission whose job was found: they are to be deleted."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Ask the provider whether `job`, named by a callback, is the job of this submission."""

    number: int
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Ask for the job."""

    number: int
    wake: WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Have the provider's list read for the job, which is asked for when that does not show it."""

    number: int
    wake: WakeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Record that half of the time has passed within which the job can be fetched."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersede:
    """Record that another submission won."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Delete a job at the provider: it is superseded, or its transcription erased.

    Where the provider does not delete, it has forgotten the job by now. `duplicate`: it is that one
    of the transcription's; None: the submission's own.
    """

    number: int
    duplicate: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Ask a last time, if there is a job to ask for, then fail the transcription."""

    number: int
    lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Do nothing before `until_ms`, unless something wakes the transcription."""

    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Do nothing any more."""


Action = (
    Submit
    | Settle
    | Search
    | Confirm
    | Fetch
    | Check
    | Alarm
    | Supersede
    | Remove
    | GiveUp
    | Wait
    | Done
)


def soonest(owed: Sequence[Action]) -> Action | None:
    """Return the first that is due, else the wait that ends first; None: nothing is owed."""
    due = (one for one in owed if not isinstance(one, Wait | Done))
    waits = [one for one in owed if isinstance(one, Wait)]
    return next(due, None) or min(waits, key=lambda one: one.until_ms, default=None)
