"""Declare the event of reading: who has been shown what was said."""

from __future__ import annotations

from typing import Literal

from stenolog.log.event_data import Count, EventData, Id

ContentView = Literal[
    "transcript",
    "words",
    "utterances",
    "sentences",
    "paragraphs",
    "captions",
    "word-search",
    "speakers",
    "chapters",
    "highlights",
    "summary",
    "entities",
    "sentiment",
    "topics",
    "content-safety",
    "redactions",
    "quality",
    "report",
    "diff",
    "search",
    "audio",
    "payloads",
    "export",
]
"""What was shown: a view of a transcript by its name, or one of several together."""


class TranscriptRead(EventData):
    """The actor was shown content, once or more in this minute.

    `transcript` is null where it was of a tenant's transcripts together, as counts of entities
    are. `minute` counts minutes since 1970, in UTC, and may be before the event's time.
    """

    type = "transcript.read"
    public = False
    payload = ""
    opens_stream = True

    transcript: Id | None
    view: ContentView
    minute: Count


ACCESS = "access-"
"""The category of its streams: one for each transcript, and one for what is of a whole tenant.

Reading moves no version that a decision or a view goes by, and outlives the transcript's erasure.
"""
