"""Declare the events of legal holds: what is on hold is not erased, whoever asks."""

from __future__ import annotations

from stenolog.log.event_data import Count, EventData, Id


class HoldPlaced(EventData):
    """A hold begins: on one transcription, or, with null, on all of a subject, later ones too.

    It is in force until `hold.released`, for every transcription that has `hold.applied` of it.
    """

    type = "hold.placed"
    public = False
    payload = "a JSON object: `reason`, why; `subject`, the keyed hash of whom it is about, or null"
    opens_stream = True

    transcription: Id | None


class HoldExtended(EventData):
    """All transcriptions of the hold's subject that were there have it, but for the erased ones."""

    type = "hold.extended"
    public = False
    payload = ""

    transcripts: Count
    erased: Count


class HoldReleased(EventData):
    """The hold is in force no more; it is the last event of its stream."""

    type = "hold.released"
    public = False
    payload = ""


class HoldApplied(EventData):
    """The transcription in whose stream it stands is on hold, as long as `hold` is in force.

    No `erasure.requested` follows it before: that is appended at the version at which none was.
    """

    type = "hold.applied"
    public = False
    payload = ""

    hold: Id


HOLD = "hold-"
