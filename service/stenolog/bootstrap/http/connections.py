"""All connections of a server: who makes room for whom, and what is overdue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from stenolog.bootstrap.http import refusal
from stenolog.bootstrap.http.answer_room import AnswerRoom
from stenolog.bootstrap.http.asgi import ASGIApp
from stenolog.bootstrap.http.figures import Figures
from stenolog.bootstrap.http.folded import Folded
from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.http.most_ahead import MostAhead
from stenolog.bootstrap.http.reading import ReadingTurns
from stenolog.bootstrap.http.turns import Rank, Turns

READ_BYTES = 64 << 10  # at once
LOOKED_AT_PER_TURN = 64  # ending as many takes 5 ms


class Member(Protocol):
    """A connection, as the others know it."""

    def look(self, now: float) -> None:
        """Do what is overdue at `now`, a time of the event loop."""
        ...

    def give_up(self, reason: str) -> None:
        """End at once, for the others' sake; what was not sent yet is lost."""
        ...


@dataclass(kw_only=True)
class Connections:
    """Lets connections in, and has the slowest make room where there are too many.

    Whose path cannot be known before it is let in. So all are, while one of them has no request
    under way; and `Limits.connections_kept` of them never have one, but for a callback or a probe.

    Attributes:
        app: What answers requests.
        is_kept_for: Whether a path is a callback's or a probe's.
        refusing: What answers those that the server refuses; the failure is in the scope.
        reading: Who parses in which turn of the event loop.
        room: What counts the answers that are not taken.
        scratch: What a connection reads into; it is copied before another one reads.
    """

    app: ASGIApp
    refusing: ASGIApp
    is_kept_for: Callable[[str], bool]
    limits: Limits = field(default_factory=Limits)
    room: AnswerRoom = field(default_factory=lambda: AnswerRoom(Figures()))
    log: Folded = field(default_factory=Folded)
    scratch: memoryview = field(default_factory=lambda: memoryview(bytearray(READ_BYTES)))
    reading: ReadingTurns = field(default_factory=ReadingTurns)
    _all: set[Member] = field(default_factory=set)
    _waiting: dict[Member, None] = field(default_factory=dict)  # without a request; oldest first
    _leaving: dict[Member, None] = field(default_factory=dict)  # answered, still sending; the same
    _others: set[Member] = field(default_factory=set)  # with a request that has no place kept
    _ahead: MostAhead[Member] = field(default_factory=MostAhead)
    _unread: dict[Member, float] = field(default_factory=dict)  # since when; oldest first
    _turns: Turns = field(default_factory=Turns)
    _looking: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        self.figures.connections_max = self.limits.connections_max
        self.room.break_off_slowest = self._break_off_slowest

    @property
    def figures(self) -> Figures:
        """What the connections do now."""
        return self.room.figures

    def enter(self, member: Member) -> bool:
        """Let a new connection in; False when nobody could make room, and it is to be refused."""
        if len(self._all) >= self.limits.connections_max:
            slowest = next(chain(self._leaving, self._waiting), None)
            if slowest is None:
                self._refuse()
                return False
            slowest.give_up("room_made")
        self._all.add(member)
        self.figures.connections = len(self._all)
        if self._looking is None:
            self._look_later()
        return True

    def leave(self, member: Member) -> None:
        """Forget a connection; one that was not let in may leave, too."""
        self._all.discard(member)
        self.work(member)
        self._others.discard(member)
        self._unread.pop(member, None)
        self.figures.connections = len(self._all)

    def closed(self, member: Member, reason: str) -> None:
        """Note that a connection is being closed before its time, and why."""
        self.leave(member)
        self.figures.closed[reason] += 1
        self.log.info("edge.connection_closed", reason=reason)

    def wait(self, member: Member) -> None:
        """Note that it has no request under way from now on."""
        if member in self._all:
            self._leaving.pop(member, None)
            self._others.discard(member)
            self._waiting[member] = None

    def end(self, member: Member) -> None:
        """Note that its answer is out, and only what it still sends is waited for."""
        if member in self._all:
            self._others.discard(member)
            self._leaving[member] = None

    def work(self, member: Member) -> None:
        """Note that it has a request under way from now on."""
        self._waiting.pop(member, None)
        self._leaving.pop(member, None)

    def admit(self, member: Member, path: str) -> None:
        """Note that its request, which is for this path, has one of the places for such requests.

        Raises:
            Refusal: All that may have one have one.
        """
        if self.is_kept_for(path):
            return
        if len(self._others) >= self.limits.connections_max - self.limits.connections_kept:
            self._refuse()
            raise refusal.too_many_requests()
        self._others.add(member)

    def begin(self, request: Callable[[], None], *, path: str, is_ahead: bool) -> None:
        """Begin a request for this path in its turn; whether its client has sent more behind it."""
        rank = Rank.KEPT if self.is_kept_for(path) else Rank.SINGLE
        self._turns.begin(request, Rank.AHEAD if is_ahead else rank)

    def stand(self, member: Member) -> None:
        """Note that its other side does not read what was sent, from now on."""
        if member in self._all:
            self._unread.setdefault(member, _now())

    def move(self, member: Member) -> None:
        """Note that its other side has read all."""
        self._unread.pop(member, None)

    def keep_ahead(self, member: Member, before: int, after: int) -> None:
        """Note how much it keeps unread; where all keep too much, who has most is closed."""
        self.figures.ahead_bytes += after - before
        self._ahead.note(member, after)
        while after > before and self.figures.ahead_bytes > self.limits.ahead_bytes_all:
            furthest = self._ahead.first()
            if furthest is None:
                break
            furthest.give_up("ahead_too_much")

    def _refuse(self) -> None:
        self.figures.refused += 1
        self.log.warning(
            "edge.connection_refused",
            limit=self.limits.connections_max,
            advice="all have a request under way: find who sends them, or allow more descriptors",
        )

    def _break_off_slowest(self, standing_ms: int) -> bool:
        slowest, since = next(iter(self._unread.items()), (None, 0.0))
        if slowest is None or (_now() - since) * 1000 < standing_ms:
            return False
        slowest.give_up("answers_too_many")
        return True

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._looking = loop.call_later(self.limits.look_ms / 1000, self._look)

    def _look(self, left: tuple[Member, ...] | None = None) -> None:
        """Look at a few in each turn of the event loop: all that began together end together."""
        if left is None:
            left = tuple(self._all)
        now = _now()
        for member in left[:LOOKED_AT_PER_TURN]:
            if member in self._all:
                member.look(now)
        left = left[LOOKED_AT_PER_TURN:]
        if left:
            asyncio.get_running_loop().call_soon(self._look, left)
            return
        self._looking = None
        if self._all:
            self._look_later()


def _now() -> float:
    return asyncio.get_running_loop().time()
