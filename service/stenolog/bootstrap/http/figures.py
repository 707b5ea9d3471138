"""What the server's connections do now, and what became of them: for metrics only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Figures:
    """Plain numbers; nothing is decided by them.

    Attributes:
        connections: Open now.
        connections_max: How many there may be.
        refused: Connections that were answered 503 because there were too many.
        ahead_bytes: Kept unparsed until an answer is out, and of heads that are not whole, over all
            connections.
        answers_bytes: Of answers that the other sides have not taken yet.
        uploads_bytes: Of uploads that are not on the disk yet.
        bodies_bytes: Of JSON bodies over 16 KiB that have not come to their end.
        closed: Connections that we closed before their time, by reason.
        accept_errors: New connections for which there was no descriptor or no memory.
    """

    connections: int = 0
    connections_max: int = 0
    refused: int = 0
    ahead_bytes: int = 0
    answers_bytes: int = 0
    uploads_bytes: int = 0
    bodies_bytes: int = 0
    accept_errors: int = 0
    closed: Counter[str] = field(default_factory=Counter)
