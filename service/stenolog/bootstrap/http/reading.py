"""When what was read is parsed: a few pieces in each turn of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from stenolog.bootstrap.http.lines import NewestFirst

PIECES_PER_TURN = 32  # of all connections: 2 ms; all that can begin in a turn have two pieces each
LEAST_PER_TURN = 4  # of each line that has so many
PIECES_MAX = 8  # of one connection


class Reader(Protocol):
    """A connection that has read something.

    Attributes:
        was_heard: Whether anything of it was parsed before.
    """

    was_heard: bool

    def parse(self, pieces_max: int) -> int:
        """Parse what has come, as far as it may be; return how many pieces it were."""
        ...

    def hold(self) -> None:
        """Read no more until it may parse again."""
        ...


class ReadingTurns:
    """Has connections parse what they have read; whoever sends more than is answered comes last.

    A thousand connections can have something to read in the same turn of the event loop. Were all
    of it parsed at once, whoever comes next would be heard after all of them.
    """

    def __init__(self) -> None:
        """Start with nobody in line."""
        self._new: NewestFirst[Reader] = NewestFirst()  # nothing was heard of them yet
        self._heard: deque[Reader] = deque()
        self._ahead: deque[Reader] = deque()  # sent more, while they were answered
        self._in_line: set[Reader] = set()
        self._left = PIECES_PER_TURN  # of the present turn
        self._goes_on = False

    @property
    def is_over(self) -> bool:
        """Whether what is read in this turn is parsed in a later one."""
        return self._left <= 0

    def came(self, reader: Reader) -> None:
        """Parse what has come in its turn, which may be at once."""
        line = self._heard if reader.was_heard else self._new
        least = LEAST_PER_TURN if reader.was_heard else 0
        if self._left > least and not line and reader not in self._in_line:
            self._parse(reader)
            self._go_on()
            return
        reader.hold()
        if reader not in self._in_line:
            self._in_line.add(reader)
            if reader.was_heard:
                self._heard.append(reader)
            else:
                self._new.add(reader)
            self._go_on()

    def later(self, reader: Reader, *, is_ahead: bool) -> None:
        """Parse in a later turn what is there; whether it was sent ahead of an answer."""
        if reader not in self._in_line:
            self._in_line.add(reader)
            (self._ahead if is_ahead else self._heard).append(reader)
            self._go_on()

    def _turn(self) -> None:
        self._goes_on = False
        self._left = PIECES_PER_TURN
        others = min(LEAST_PER_TURN, len(self._heard)) + min(LEAST_PER_TURN, len(self._ahead))
        for reader in self._new.taken(self._left - others):
            self._parse(reader)
            if self._left <= others:
                break
        self._parse_some(self._heard, min(LEAST_PER_TURN, len(self._ahead)))
        self._parse_some(self._ahead, 0)
        if self._in_line:
            self._go_on()

    def _parse_some(self, line: deque[Reader], others: int) -> None:
        for _ in range(len(line)):
            if self._left <= others:
                break
            self._parse(line.popleft())

    def _parse(self, reader: Reader) -> None:
        self._in_line.discard(reader)
        self._left -= max(1, reader.parse(PIECES_MAX))

    def _go_on(self) -> None:
        if not self._goes_on:
            self._goes_on = True
            asyncio.get_running_loop().call_soon(self._turn)
