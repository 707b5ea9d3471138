"""Gather what was erased and revoked after a backup was taken: from a later log, or from a list.

A list has a line for each stream, `transcription-<id>` of an erased transcription or
`api-key-<id>` of a revoked key; an empty line and one that begins with `#` say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from stenolog.errors import CannotStart
from stenolog.log.event import Event
from stenolog.log.events.api_keys import API_KEY, ApiKeyRevoked
from stenolog.log.events.transcriptions import TRANSCRIPTION, ErasureRequested

LINES_MAX = 10_000_000
_STREAM = re.compile(
    rf"({TRANSCRIPTION}|{API_KEY})([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})"
)


@dataclass(slots=True)
class Deletions:
    """What is to be erased and revoked in a restored log, by id."""

    transcriptions: set[str] = field(default_factory=set)
    api_keys: set[str] = field(default_factory=set)

    def read(self, lines: Iterable[str], name: str) -> None:
        """Add what a list says; `name` is the list's, for messages.

        Raises:
            CannotStart: A line says something else, or there are too many.
        """
        for number, line in enumerate(lines, start=1):
            said = line.strip()
            if not said or said.startswith("#"):
                continue
            match = _STREAM.fullmatch(said)
            if match is None or number > LINES_MAX:
                raise CannotStart(
                    f"{name}, line {number}: must be {TRANSCRIPTION}<id> or {API_KEY}<id>, at most "
                    f"{LINES_MAX} lines"
                )
            self._add(match[1], match[2])

    def gather(self, events: Iterable[Event]) -> None:
        """Add what these events say."""
        for event in events:
            if event.type in (ErasureRequested.type, ApiKeyRevoked.type):
                match = _STREAM.fullmatch(event.stream)
                if match is not None:
                    self._add(match[1], match[2])

    def _add(self, kind: str, identifier: str) -> None:
        (self.transcriptions if kind == TRANSCRIPTION else self.api_keys).add(identifier)
