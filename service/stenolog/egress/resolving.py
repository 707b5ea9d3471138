"""Looks names up in a bounded number of threads, which no asker and no zone can hold alone.

The system's own look-up is used, because only it knows what the operator has set up: hosts, search
domains, services beside DNS. It blocks as long as a name server likes and cannot be broken off, so
a thread counts until it is really done, whether or not somebody still waits.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import inf

import anyio

from stenolog.bounded import BoundedMemory

# DECISIONS 102: why no library and no pool looks names up.
THREADS_MAX = 16  # at the same time, for one client
# Of them for names of one zone: with its name server down, a quarter is held.
THREADS_PER_ZONE_MAX = 4
WAITING_MAX = 1_024  # names; who asks for one more is told so
ASKERS_KEPT_MAX = 1_024  # whose last turn is remembered
ZONE_LABELS = 2  # at the end of a name; of `co.uk` and the like too many share, for a moment
# What took longer than this is remembered: to ask again would hold a thread as long again.
SLOW_MS = 1_000
SLOW_KEPT_MS = 30_000
SLOW_KEPT_MAX = 1_024

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host, best first; blocks, and raises OSError for a name that nobody knows."""
Outcome = tuple[str, ...] | Exception


class NoThread(OSError):
    """The name was not looked up: this process has no thread for it now. Nobody else's fault."""


# For whom a request is made, as its caller says; httpcore hands nothing through to the connection.
ASKER: ContextVar[str] = ContextVar("asker", default="")


@contextmanager
def asked_for(asker: str) -> Iterator[None]:
    """Have names looked up as this asker's, within the block; empty: as their zone's."""
    token = ASKER.set(asker)
    try:
        yield
    finally:
        ASKER.reset(token)


def system_resolve(host: str, port: int) -> list[str]:
    """Return the system's own answer, scope ids kept.

    Raises:
        OSError: The name is not known.
    """
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(row[4][0]) for row in rows]


@dataclass(slots=True, kw_only=True, eq=False)
class _LookUp:
    """One name, and who waits for it; `asker` is whose share the thread is."""

    host: str
    port: int
    answer: asyncio.Future[Outcome]
    zone: str
    askers: dict[str, None] = field(default_factory=dict)
    waiting: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    asker: str = ""
    began: float = 0.0


class Resolver:
    """Looks names up for one client, in one event loop.

    Whoever asks for a name that is being looked up shares the answer. Askers share the threads: one
    takes another only while more are free than it holds, so that alone it gets half of them, and
    the last ones go to no single asker. The threads of a zone are shared in the same way. Of those
    that may take one, who had none for the longest time has it.
    """

    def __init__(
        self,
        resolve: Resolve = system_resolve,
        *,
        threads_max: int = THREADS_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolve = resolve
        self._threads_max = threads_max
        self._monotonic = monotonic
        self._waiting: dict[str, _LookUp] = {}
        self._running: dict[str, _LookUp] = {}
        # Threads by zone and asker; None: by any of them.
        self._held: Counter[tuple[str | None, str | None]] = Counter()
        self._turns = itertools.count(1)
        self._turn_of: BoundedMemory[str, int] = BoundedMemory(ASKERS_KEPT_MAX)
        self._slow: BoundedMemory[str, Outcome] = BoundedMemory(
            SLOW_KEPT_MAX, age_ms_max=SLOW_KEPT_MS, monotonic=monotonic
        )

    @property
    def in_flight(self) -> int:
        """How many threads look a name up, those included that nobody waits for any more."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many names wait for a thread."""
        return len(self._waiting)

    async def addresses(
        self, host: str, port: int, *, turn_seconds: float = inf, seconds: float = inf
    ) -> Sequence[str]:
        """Return the addresses of a host.

        `turn_seconds` is how long to wait for a thread, `seconds` how long for its answer.

        Raises:
            NoThread: None was free in time, too many names wait, or the system has none left.
            TimeoutError: The answer did not come in time.
            OSError: The name is not known.
            ValueError: It can be no name.
        """
        outcome = self._slow.get(host)
        if outcome is None:
            outcome = await self._shared(host, port, turn_seconds, seconds)
        if isinstance(outcome, Exception):
            raise outcome.with_traceback(None)
        return outcome

    async def _shared(self, host: str, port: int, turn_seconds: float, seconds: float) -> Outcome:
        look_up = self._running.get(host) or self._waiting.get(host)
        if look_up is None:
            if len(self._waiting) >= WAITING_MAX:
                return NoThread("too many names are waiting to be looked up")
            answer = asyncio.get_running_loop().create_future()
            look_up = _LookUp(host=host, port=port, answer=answer, zone=_zone(host))
            self._waiting[host] = look_up
        look_up.askers[ASKER.get() or look_up.zone] = None
        look_up.waiting += 1
        self._start_waiting()
        try:
            with anyio.move_on_after(turn_seconds):
                await look_up.begun.wait()
            if not look_up.begun.is_set():
                return NoThread("no thread was free to look the name up")
            with anyio.fail_after(seconds):
                return await asyncio.shield(look_up.answer)
        finally:
            look_up.waiting -= 1
            if not look_up.waiting and self._waiting.get(host) is look_up:
                del self._waiting[host]

    def _start_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        while (following := self._following()) is not None:
            look_up, asker = following
            self._count(look_up.zone, asker, 1)
            self._turn_of.put(asker, next(self._turns))
            look_up.asker, look_up.began = asker, self._monotonic()
            look_up.begun.set()
            self._running[look_up.host] = self._waiting.pop(look_up.host)
            # Of our own and no pool's: a pool is waited for when the process ends.
            thread = threading.Thread(
                target=self._work, args=(look_up, loop), name="resolver", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # the system has no thread left
                loop.call_soon(self._end, look_up, NoThread("no thread can be started"))

    def _following(self) -> tuple[_LookUp, str] | None:
        """Return the look-up that may begin now, and at whose expense; None: none may."""
        free = self._threads_max - len(self._running)
        if free <= 0:
            return None
        may_begin = (
            (look_up, asker)
            for look_up in self._waiting.values()
            for asker in look_up.askers
            if self._held[None, asker] < free and self._has_share(look_up.zone, asker)
        )
        return min(may_begin, key=lambda each: self._turn_of.get(each[1]) or 0, default=None)

    def _has_share(self, zone: str, asker: str) -> bool:
        """Tell whether the asker may take one of its zone's threads."""
        free = THREADS_PER_ZONE_MAX - self._held[zone, None]
        if asker == zone:  # nobody said who asks
            return free > 0
        return self._held[zone, asker] < free

    def _count(self, zone: str, asker: str, change: int) -> None:
        for key in ((None, asker), (zone, None), (zone, asker)):
            self._held[key] += change
            if not self._held[key]:
                del self._held[key]

    def _work(self, look_up: _LookUp, loop: asyncio.AbstractEventLoop) -> None:
        """In the thread."""
        outcome: Outcome
        try:
            outcome = tuple(self._resolve(look_up.host, look_up.port))
        except Exception as exc:
            outcome = exc  # whatever it is, it is the waiters' and not a thread's
        with suppress(RuntimeError):  # the loop may be closed already
            loop.call_soon_threadsafe(self._end, look_up, outcome)

    def _end(self, look_up: _LookUp, outcome: Outcome) -> None:
        del self._running[look_up.host]
        self._count(look_up.zone, look_up.asker, -1)
        if (self._monotonic() - look_up.began) * 1000 >= SLOW_MS:
            self._slow.put(look_up.host, outcome)
        look_up.answer.set_result(outcome)
        self._start_waiting()


def _zone(host: str) -> str:
    return ".".join(host.rstrip(".").lower().rsplit(".", ZONE_LABELS)[-ZONE_LABELS:])
