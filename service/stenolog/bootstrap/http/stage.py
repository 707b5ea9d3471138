"""What a connection waits for, until when, and how much it reads in vain meanwhile."""

from __future__ import annotations

import asyncio
from typing import Literal

from stenolog.bootstrap.http.exchange import Exchange
from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.http.outgoing import Outgoing

NEVER = float("inf")
Phase = Literal["idle", "head", "request", "discarding", "ending"]
OVERDUE = {"head": "head_slow", "discarding": "body_unread"}  # the others: `answer_unread`


class Stage:
    """Holds the phase of a connection, with the limits that go with it.

    A phase says what is waited for: a request (`idle`), the rest of its head (`head`), its answer
    (`request`), the rest of a body whose answer is out (`discarding`), or only that the other side
    closes (`ending`), when nothing that comes is read any more.

    Attributes:
        dropped_bytes: Read in vain in this phase.
        is_refused: Whether what came was no request, and nothing is read as one any more.
    """

    def __init__(self, limits: Limits) -> None:
        self.phase: Phase = "idle"
        self.dropped_bytes = 0
        self.is_refused = False
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
        limits = self._limits
        is_last = self.phase == "ending" and not self.is_refused
        return self.dropped_bytes > (
            limits.linger_bytes_max if is_last else limits.discard_bytes_max
        )

    def may_parse(self, exchange: Exchange | None, out: Outgoing) -> bool:
        """Whether what came may be parsed; an answer that has not left is still under way."""
        if self.phase == "request" and exchange is not None:
            return not (exchange.body.is_whole or exchange.body.is_full)
        return self.phase not in ("idle", "head") or out.is_clear

    def may_read(self, exchange: Exchange | None, out: Outgoing) -> bool:
        """Whether more may be read; while an answer is made, only to learn of the client's end."""
        if self.phase == "request" and exchange is not None:
            return exchange.body.is_whole or not exchange.body
        return self.may_parse(exchange, out)
