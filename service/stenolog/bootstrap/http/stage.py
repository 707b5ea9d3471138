"""What a connection waits for, until when, and how much it reads in vain meanwhile."""

from __future__ import annotations

import asyncio
from typing import Literal

from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.http.outgoing import NEVER

Phase = Literal["idle", "head", "request", "discarding", "ending"]
OVERDUE = {"head": "head_slow", "discarding": "body_unread"}  # the others: `answer_unread`


class Stage:
    """Holds the phase of a connection, with the limits that go with it.

    A phase says what is waited for: a request (`idle`), the rest of its head (`head`), its answer
    (`request`), the rest of a body whose answer is out (`discarding`), or only that the other side
    closes (`ending`), when nothing that comes is read any more.

    Attributes:
        dropped_bytes: Read in vain in this phase.
    """

    def __init__(self, limits: Limits) -> None:
        self.phase: Phase = "idle"
        self.dropped_bytes = 0
        self._limits = limits
        self._due_at = NEVER
        self._times_ms = {
            "idle": limits.idle_ms_max,
            "head": limits.head_ms_max,
            "discarding": limits.discard_ms_max,
            "ending": limits.discard_ms_max,
        }

    def begin(self, phase: Phase) -> None:
        """Wait for something else from now on."""
        self.phase = phase
        self.dropped_bytes = 0
        time_ms = self._times_ms.get(phase)
        now = asyncio.get_running_loop().time()
        self._due_at = NEVER if time_ms is None else now + time_ms / 1000

    def is_overdue(self, now: float) -> bool:
        """Whether it has taken too long at `now`, a time of the event loop; said only once."""
        overdue = now >= self._due_at
        if overdue:
            self._due_at = NEVER
        return overdue

    @property
    def reason(self) -> str:
        """What to say of a connection that ends because this takes too long."""
        return OVERDUE.get(self.phase, "answer_unread")

    @property
    def has_dropped_too_much(self) -> bool:
        """Whether more was read in vain than may be."""
        return self.dropped_bytes > self._limits.discard_bytes_max
