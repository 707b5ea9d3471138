"""Declare how long a transcription is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stenolog.log.event_data import EventData

RETENTION_DAYS_MAX = 36_500
Days = Annotated[int, Field(ge=1, le=RETENTION_DAYS_MAX)]


class RetentionAssigned(EventData):
    """The transcription is erased so many days after it was requested; appended with the request.

    `days` are those of its retention class then; a class that changes later changes nothing here.
    """

    type = "retention.assigned"
    public = False
    payload = ""

    days: Days
