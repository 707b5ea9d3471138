"""Gather what was erased, revoked and released after a backup was taken: from a log, or a list.

A list has a line for each stream, `transcription-<id>` of an erased transcription, `api-key-<id>`
of a revoked key or `upload-<id>` of a file that was removed; an empty line and one that begins with
`#` say nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

from stenolog.errors import CannotStart
from stenolog.log.event import Event
from stenolog.log.events.api_keys import API_KEY, ApiKeyRevoked
from stenolog.log.events.transcriptions import TRANSCRIPTION, ErasureRequested
from stenolog.log.events.uploads import UPLOAD, ReleaseReason, UploadReleased

LINES_MAX = 10_000_000
_STREAM = re.compile(
    rf"({TRANSCRIPTION}|{API_KEY}|{UPLOAD})([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})"
)
_SAYING = (ErasureRequested.type, ApiKeyRevoked.type, UploadReleased.type)


@dataclass(slots=True)
class Deletions:
    """What is to be erased, revoked and released in a restored log.

    Attributes:
        streams: Of all three kinds.
        reasons: Why an upload was released, by its stream, where that is known.
        tenants: Whose a stream is, where that is known.
    """

    streams: set[str] = field(default_factory=set)
    reasons: dict[str, ReleaseReason] = field(default_factory=dict)
    tenants: dict[str, str] = field(default_factory=dict)

    def add(self, streams: Iterable[str]) -> None:
        """Add these; one that is none of the three kinds says nothing."""
        self.streams.update(stream for stream in streams if _STREAM.fullmatch(stream))

    def read(self, lines: Iterable[str], name: str) -> None:
        """Add what a list says; `name` is the list's, for messages.

        Raises:
            CannotStart: A line says something else, or there are too many.
        """
        for number, line in enumerate(lines, start=1):
            said = line.strip()
            if not said or said.startswith("#"):
                continue
            if _STREAM.fullmatch(said) is None or number > LINES_MAX:
                raise CannotStart(
                    f"{name}, line {number}: must be {TRANSCRIPTION}<id>, {API_KEY}<id> or "
                    f"{UPLOAD}<id>, at most {LINES_MAX} lines"
                )
            self.streams.add(said)

    def note(self, event: Event) -> None:
        """Add what this event says."""
        if event.type in _SAYING:
            self.add([event.stream])
            self.tenants[event.stream] = sys.intern(event.tenant)  # few, of many streams
        if event.type == UploadReleased.type:
            self.reasons[event.stream] = event.data["reason"]
