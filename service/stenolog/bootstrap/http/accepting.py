"""Take connections from a listening socket, and begin a few in each turn of the event loop."""

from __future__ import annotations

import asyncio
import heapq
import socket
from collections.abc import Callable, Iterator
from itertools import count

from stenolog.bootstrap.http.connections import Connections
from stenolog.bootstrap.http.descriptors import RAISE_LIMIT
from stenolog.bootstrap.http.lines import OLDEST_SHARE
from stenolog.bootstrap.http.peeked import Peeked, peeked
from stenolog.bootstrap.http.silent import Silent
from stenolog.owned_tasks import OwnedTasks

TAKEN_PER_TURN = 128  # from the system: 2 ms
BEGUN_PER_TURN = 12  # 1 ms
KEPT_PER_TURN = 8  # besides, of those that ask for what places are kept for
SILENT_PER_TURN = 4  # of them, at least, of those that have sent nothing
AT_THE_LIMIT_PER_TURN = 32  # each of which another connection makes room for


class Accepting:
    """Takes connections as they come; who has sent something is begun first, the newest before all.

    The system's own line of connections is in the order of their coming: whoever came behind a
    crowd would wait until all of it was begun. So that line is emptied first, which costs little.
    Callbacks and probes, wherever in a crowd they came, are begun before others.
    """

    def __init__(
        self,
        listener: socket.socket,
        connections: Connections,
        protocol: Callable[[], asyncio.BaseProtocol],
    ) -> None:
        """Accept from `listener`, which stays the caller's; `protocol` makes one for each."""
        listener.setblocking(False)
        self._listener = listener
        self._connections = connections
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._numbers = count()  # in the order of their coming
        self._kept: dict[int, socket.socket] = {}
        self._ready: dict[int, socket.socket] = {}
        self._silent = Silent(self._heard)
        self._begun = OwnedTasks("edge.connection_not_begun")
        self._left = BEGUN_PER_TURN  # of the present turn
        self._goes_on = False
        self._retry: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()
        self._listen()

    def close(self) -> None:
        """Accept no more; who was not begun yet is closed unheard."""
        self._closed.set()
        self._loop.remove_reader(self._listener)
        if self._retry is not None:
            self._retry.cancel()
        for waiting in (*self._kept.values(), *self._ready.values()):
            waiting.close()
        self._silent.close()

    async def wait_closed(self) -> None:
        """Return once nothing is begun any more."""
        await self._closed.wait()
        await self._begun.wait()  # each ends in a few turns; cancelled, it would leave its socket

    def _listen(self) -> None:
        self._loop.add_reader(self._listener, self._take)

    def _take(self) -> None:
        figures = self._connections.figures
        waiting = len(self._kept) + len(self._ready) + len(self._silent)
        room = figures.connections_max - figures.connections - waiting
        for _ in range(min(TAKEN_PER_TURN, max(room, AT_THE_LIMIT_PER_TURN - waiting))):
            try:
                taken, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                break
            except ConnectionAbortedError:
                continue
            except OSError as exc:
                self._pause(exc)
                break
            taken.setblocking(False)
            if not waiting and self._left:
                self._start(taken)
            else:
                self._sort(next(self._numbers), taken)
        self._go_on()

    def _sort(self, number: int, taken: socket.socket) -> None:
        match self._peeked(taken):
            case Peeked.SILENT:
                self._silent.add(number, taken)
            case Peeked.KEPT:
                self._kept[number] = taken
            case Peeked.SENT:
                self._ready[number] = taken
            case Peeked.GONE:
                taken.close()

    def _heard(self, number: int, taken: socket.socket) -> None:
        """One that was silent has sent something, or has left."""
        self._sort(number, taken)
        self._go_on()

    def _turn(self) -> None:
        self._goes_on = False
        if self._closed.is_set():
            return
        for taken in self._first(self._kept, KEPT_PER_TURN):
            self._start(taken)
        self._left = BEGUN_PER_TURN
        for taken in self._first(self._ready, self._left - min(SILENT_PER_TURN, len(self._silent))):
            self._start(taken)
        for taken in self._silent.taken(self._left):
            self._start(taken)
        self._go_on()

    def _first(self, line: dict[int, socket.socket], most: int) -> Iterator[socket.socket]:
        oldest = heapq.nsmallest(most // OLDEST_SHARE, line)
        for number in oldest + heapq.nlargest(most - len(oldest), line):
            taken = line.pop(number, None)
            if taken is not None and self._peeked(taken) is not Peeked.GONE:
                yield taken
            elif taken is not None:
                taken.close()

    def _peeked(self, taken: socket.socket) -> Peeked:
        return peeked(taken, self._connections.is_kept_for)

    def _start(self, taken: socket.socket) -> None:
        self._left -= 1
        self._begun.start(self._connect(taken))

    async def _connect(self, taken: socket.socket) -> None:
        transport, _ = await self._loop.connect_accepted_socket(self._protocol, taken)
        if self._closed.is_set():
            transport.close()

    def _go_on(self) -> None:
        is_idle = not (self._kept or self._ready or self._silent)
        is_fresh = self._left == BEGUN_PER_TURN and is_idle
        if not self._goes_on and not is_fresh:
            self._goes_on = True
            self._loop.call_soon(self._turn)

    def _pause(self, exc: OSError) -> None:
        """Wait a while: there is no descriptor, or no memory, for another connection."""
        self._connections.figures.accept_errors += 1
        self._connections.log.warning(
            "edge.connection_not_accepted", error=str(exc), advice=RAISE_LIMIT
        )
        self._loop.remove_reader(self._listener)
        again_ms = self._connections.limits.accept_again_ms
        self._retry = self._loop.call_later(again_ms / 1000, self._listen)
