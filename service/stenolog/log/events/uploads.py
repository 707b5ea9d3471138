"""Declare the events of a customer's file."""

from __future__ import annotations

from typing import Literal

from stenolog.log.event_data import Count, EventData

ReleaseReason = Literal["erased", "unused"]


class UploadStored(EventData):
    """A customer's file is durable on our disk, encrypted under its own key."""

    type = "upload.stored"
    public = False
    payload = ""
    opens_stream = True

    bytes: Count


class UploadReleased(EventData):
    """No transcription needs the file any more; its key and the file are removed now."""

    type = "upload.released"
    public = False
    payload = ""

    reason: ReleaseReason


UPLOAD = "upload-"
