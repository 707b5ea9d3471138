"""Declare the events of an erasure that was ordered: of one transcription, or of many."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from stenolog.log.event_data import Count, EventData, Id
from stenolog.log.open_work import NO_WORK, OpenWork

LISTED_PER_EVENT_MAX = 1_000
Ids = Annotated[list[Id], Field(max_length=LISTED_PER_EVENT_MAX)]
ErasureScope = Literal["transcript", "subject", "retention"]


class ErasureOrdered(EventData):
    """These transcriptions are to be erased: `transcripts` of them, which `erasure.listed` names.

    `more`: there were more of the subject than one erasure takes.
    """

    type = "erasure.ordered"
    public = False
    payload = ""
    opens_stream = True

    scope: ErasureScope
    transcripts: Count
    more: bool

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it with an outcome owed."""
        return replace(before, outcome_owed=True)


class ErasureListed(EventData):
    """Some of what is to be erased; appended with the order."""

    type = "erasure.listed"
    public = False
    payload = ""

    transcriptions: Ids


class ErasurePerformed(EventData):
    """Of these nothing can be read here any more; or they are not erased, and why.

    `held`: a legal hold was in force; `missing`: the tenant has no such transcription.
    """

    type = "erasure.performed"
    public = False
    payload = ""

    erased: Ids
    held: Ids
    missing: Ids


class ErasureEnded(EventData):
    """All that was erased here is gone at the providers, too; it is the last event of its stream.

    `transcripts` of them are erased.
    """

    type = "erasure.ended"
    public = False
    payload = ""

    transcripts: Count
    held: Count
    missing: Count

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return nothing."""
        return NO_WORK


ERASURE = "erasure-"
