"""Ask for reads of content that were recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stenolog.log.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessQuery:
    """Which reads of a tenant's content, the newest first.

    Attributes:
        transcripts: Of these alone; None: of any, and of all together.
        actor: By this one alone.
        before: Recorded before this position; None: up to the log's end.
        limit: How many at most.
    """

    tenant: str
    limit: int
    transcripts: Collection[str] | None = None
    actor: str | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPage:
    """Events of type `transcript.read`, the newest first.

    Attributes:
        next: The position before which to go on; None: there are no more. A page may have few
            events, or none, and still be followed by another: a page looks through so much.
    """

    events: Sequence[Event]
    next: int | None
