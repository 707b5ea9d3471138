"""Hold what the log says that concerns a batch of appends, read before it is sequenced."""

from __future__ import annotations

from dataclasses import dataclass, field

from stenolog.log.merkle import Frontier
from stenolog.log.open_work import OpenWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """Where an event stands: its position in the log, its version in its stream."""

    position: int
    version: int


NOWHERE = Coordinates(position=0, version=0)
ADVICE = "run `stenolog log verify`"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStream:
    """What is owed to the transcription of a stream, as of its last event."""

    at: Coordinates
    work: OpenWork


@dataclass(slots=True, kw_only=True)
class BatchState:
    """What the log holds that concerns a batch, read inside its transaction and kept current.

    Attributes:
        time_us: That of the last event.
        streams: The last event of each stream that the batch touches; absent: no such stream.
        sequences: The last public sequence of each tenant in the batch; absent: none.
        ids: Places of those ids of the batch that are already in the log.
        dedupe: Places of those dedupe keys of the batch that are already taken.
        work: What is owed to those of the streams to which something is.
        doubted: Streams of which indexes and records say different things, and what; nothing is
            appended to them.
        cut: Streams whose last record is gone, and which; an append to them is refused if it
            expects a version, and accepted if it expects none.
        uncounted: Tenants whose last sequence is not certain, and why; nothing public of theirs is
            appended.
    """

    frontier: Frontier
    time_us: int
    streams: dict[str, Coordinates] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    ids: dict[str, Coordinates] = field(default_factory=dict)
    dedupe: dict[str, Coordinates] = field(default_factory=dict)
    work: dict[str, OpenWork] = field(default_factory=dict)
    doubted: dict[str, str] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
    uncounted: dict[str, str] = field(default_factory=dict)
