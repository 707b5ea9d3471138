"""Check that what was read of a stream is the stream, without a record missing."""

from __future__ import annotations

from collections.abc import Sequence

from stenolog.errors import RecordDamaged
from stenolog.log.event import Event


def check_unbroken(stream: str, events: Sequence[Event], after: int) -> None:
    """Check that the versions of these events follow version `after` and one another.

    A record that is missing at the end of its stream leaves no trace in it: see `check_end`.

    Raises:
        RecordDamaged: One is missing; `position` is where the stream's last missing one stood.
    """
    for number, event in enumerate(events, after + 1):
        if event.version != number:
            raise RecordDamaged(
                f"the record at position {event.previous} is missing; run `stenolog log verify`",
                position=event.previous,
                stream=stream,
                gone=True,
            )


def check_end(stream: str, last: int, version: object, position: object) -> None:
    """Check that a stream that is known to end at this version and position does not end before.

    `last` is the version of the last event that was found of it; 0: there is none.

    Raises:
        RecordDamaged: Its last record is missing, or no record behind `last` can be found.
    """
    if isinstance(version, int) and isinstance(position, int) and last < version:
        raise RecordDamaged(
            f"the record at position {position} is missing; run `stenolog log verify`",
            position=position,
            stream=stream,
            gone=True,
        )
