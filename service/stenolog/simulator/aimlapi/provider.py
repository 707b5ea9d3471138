"""Simulate AIMLAPI's speech-to-text: two endpoints, no callbacks, results that are forgotten."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import anyio
from starlette.types import Receive, Scope

from stenolog.bounded import BoundedMemory
from stenolog.clock import NowMs, now_ms
from stenolog.simulator.aimlapi.behaviour import Behaviour
from stenolog.simulator.aimlapi.days import FILE, in_turn
from stenolog.simulator.aimlapi.jobs import Audio, Job
from stenolog.simulator.aimlapi.routes import provider_app
from stenolog.simulator.assemblyai.behaviour import Fault
from stenolog.simulator.assemblyai.memory import JOBS_MAX, REMEMBERED_MAX, Seen
from stenolog.simulator.server import LocalServer

API_KEY = "aimlapi-simulator-key"
FAULTY_MAX = 20_000  # audios whose creates are counted, the newest

Behave = Callable[[Mapping[str, object]], Behaviour]


class AimlapiSimulator:
    """A provider whose memory survives `serve`, so that it can be stopped and started.

    Attributes:
        behave: Chooses how a job goes, from the fields that create it, with `url` or, of a file,
            its `sha256`. May be set at any time; at first by the day that the URL names.
        expires_ms: After its creation every job is forgotten, also while it runs; None: as its
            behaviour says.
        tell: Is given each request when it was answered.
        outage: The answer that every request gets, or None.
        requests: Every request, the newest 100,000.
    """

    def __init__(
        self, *, api_key: str = API_KEY, behave: Behave | None = None, now_ms: NowMs = now_ms
    ) -> None:
        """`api_key` is the one key that it takes, behind `Bearer`."""
        self.api_key = api_key
        self.behave: Behave = behave or in_turn(("good",))
        self.expires_ms: int | None = None
        self.tell: Callable[[Seen], None] = lambda one: None
        self.outage: Fault | None = None
        self.requests: deque[Seen] = deque(maxlen=REMEMBERED_MAX)
        self.base_url = ""
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._jobs: BoundedMemory[str, Job] = BoundedMemory(JOBS_MAX)
        self._faults: BoundedMemory[str, int] = BoundedMemory(FAULTY_MAX)
        self._now_ms = now_ms
        self._server = LocalServer(provider_app(self))

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the block ends; gives the base URL.

        Raises:
            OSError: The port is taken.
        """
        self._closing = anyio.Event()
        async with self._server.serve(host=host, port=port) as self.base_url:
            try:
                yield self.base_url
            finally:
                self._closing.set()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job, oldest first, those that it has forgotten too."""
        with self._lock:
            return tuple(sorted(self._jobs.values(), key=lambda job: job.number))

    @property
    def creates(self) -> tuple[Seen, ...]:
        """Every request to create a job, oldest first."""
        return tuple(one for one in tuple(self.requests) if one.method == "POST")

    async def accept_connections(self) -> None:
        """Take connections again."""
        await self._server.accept()

    async def refuse_connections(self) -> None:
        """Close every connection and refuse new ones; jobs go on."""
        await self._server.refuse()

    # What the endpoints need: `routes.Host`.

    def now_ms(self) -> int:
        """Return the time."""
        return self._now_ms()

    def make_job(self, fields: dict[str, object], audio: Audio) -> tuple[Job | None, Fault | None]:
        """Remember a new job, or return the wrong answer that this create gets instead.

        Raises:
            InvalidRequest: Its audio's URL names a day that there is not.
        """
        name = audio.url or audio.sha256
        behaviour = self.behave({**fields, ("url" if audio.url else FILE): name})
        if self.expires_ms is not None:
            behaviour = replace(behaviour, expires_ms=self.expires_ms)
        given = self._faults.get(name) or 0
        if given < len(behaviour.create_faults):
            self._faults.put(name, given + 1)
            return None, behaviour.create_faults[given]
        job = Job(
            id=str(uuid4()),
            number=next(self._numbers),
            fields=fields,
            audio=audio,
            behaviour=behaviour,
            created_ms=self._now_ms(),
        )
        with self._lock:
            self._jobs.put(job.id, job)
        return job, None

    def find(self, job_id: str) -> Job | None:
        """Return the job, unless it never was or is forgotten."""
        with self._lock:
            job = self._jobs.get(job_id)
        return job if job is not None and job.is_known(self._now_ms()) else None

    async def pause(self, wait_ms: int) -> None:
        """Wait, no longer than the simulator serves."""
        if wait_ms:
            with anyio.move_on_after(wait_ms / 1000):
                await self._closing.wait()

    async def drop(self, scope: Scope, receive: Receive) -> None:
        """Close the connection that a request came on."""
        await self._server.drop(scope, receive)
