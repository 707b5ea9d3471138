"""Declare the events about the log itself; they stand in the stream of its own id."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stenolog.log.event_data import INTEGER_MAX, Count, Digest, EventData, Id

Ordinal = Annotated[int, Field(ge=1, le=INTEGER_MAX)]
Milliseconds = Annotated[int, Field(ge=-INTEGER_MAX, le=INTEGER_MAX)]
ClockReason = Literal["agreed", "accepted", "started"]
DamageReason = Literal["disk", "software", "tampering", "unknown"]


class LogBegun(EventData):
    """The log was made; this is the event at position 1 of every log, and stands nowhere else."""

    type = "log.begun"
    public = False
    payload = ""
    opens_stream = True

    log: Id
    format: Ordinal


class LogRestored(EventData):
    """The log goes on from a backup, whose last event is the one before this.

    `events_lost`: how many events the log is known to have had behind that; None: not known.
    `restore`: a random id, by which two restores of one backup are told apart.
    """

    type = "log.restored"
    public = False
    payload = ""

    epoch: Ordinal
    events_lost: Count | None
    restore: Id


class ClockJumped(EventData):
    """The machine's clock was `off_ms` ahead of the log's time (behind: negative), and was taken.

    `agreed`: it agreed with itself for long enough; `accepted`: an operator said that it is right;
    `started`: the log was opened so long after its last event, or so it seems.
    """

    type = "clock.jumped"
    public = False
    payload = ""

    off_ms: Milliseconds
    reason: ClockReason


class DamageAccepted(EventData):
    """A human has seen that the record at `position` is damaged, and goes on without it.

    `reason`: what that human takes it for.
    """

    type = "damage.accepted"
    public = False
    payload = ""

    position: Ordinal
    reason: DamageReason


class SweepCompleted(EventData):
    """Every transcription that was requested before position `before` has ended, and is settled.

    It is found when the last of them to end has ended, at most once in a quarter of an hour.
    """

    type = "sweep.completed"
    public = False
    payload = ""

    before: Ordinal


class LogSealed(EventData):
    """`root` says where each stream ended when the log had `events` events (`log.stream_map`).

    With a proof from it one shows that these are all events of a stream, the newest ones included.
    """

    type = "log.sealed"
    public = False
    payload = ""

    events: Ordinal
    root: Digest


LOG = "log-"
