"""Declare the events of a customer's file."""

from __future__ import annotations

import re
from typing import Literal

from stenolog.log.event_data import Count, EventData, Id

ReleaseReason = Literal["erased", "retention", "unused"]
"""Why nobody needs a file: its users were erased, had their outcome for long, or never came."""


class UploadStored(EventData):
    """A customer's file is durable on our disk, encrypted under its own key."""

    type = "upload.stored"
    public = False
    payload = ""
    opens_stream = True

    bytes: Count


class UploadUsed(EventData):
    """A transcription was requested of the file; both are appended in one transaction.

    It stands in the upload's stream, so that use and release cannot miss each other.
    """

    type = "upload.used"
    public = False
    payload = ""

    transcription: Id


class UploadReleased(EventData):
    """No transcription needs the file any more; its key and the file are removed now.

    It is the last event of its stream: nothing uses the file after it.
    """

    type = "upload.released"
    public = False
    payload = ""

    reason: ReleaseReason


UPLOAD = "upload-"
_STREAM = re.compile(UPLOAD + r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_upload(stream: str) -> bool:
    """Tell whether it is the stream of a customer's file, which has a key of its own."""
    return _STREAM.fullmatch(stream) is not None
