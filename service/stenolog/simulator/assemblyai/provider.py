"""Simulate AssemblyAI's pre-recorded API, with the behaviours that a test asks for."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

import anyio
from starlette.types import Receive, Scope

from stenolog.bounded import BoundedMemory
from stenolog.clock import NowMs, now_ms
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.resolving import system_resolve
from stenolog.simulator.assemblyai.account import JobQueue, RequestWindow
from stenolog.simulator.assemblyai.answers import redacted_audio_url
from stenolog.simulator.assemblyai.behaviour import Behaviour, Callback, Fault, Operation
from stenolog.simulator.assemblyai.callbacks import USER_AGENT, Caller, DeliveryRules
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.memory import Memory, Seen, Sent, Upload
from stenolog.simulator.assemblyai.routes import provider_app
from stenolog.simulator.background import Background
from stenolog.simulator.server import LocalServer
from stenolog.wire.assemblyai.transcript_request import TranscriptRequest

API_KEY = "simulator-key"
FAULTY_MAX = 20_000  # audio URLs whose creates are counted, the newest
LOOPBACK = AddressPolicy.of(public=False, networks=("127.0.0.0/8", "::1/128"))

Behave = Callable[[Mapping[str, object]], Behaviour]


class Simulator:
    """A provider whose memory survives `serve`, so that it can be stopped and started.

    Attributes:
        behave: Chooses how a job goes, from the body that creates it. May be set at any time.
        outage: The answer that every request gets, or None.
        latency_ms: Before every answer.
        deletes_unfinished: Whether a job that runs can be deleted; the documents say no, and no
            refusal has been seen.
    """

    def __init__(
        self,
        *,
        api_key: str = API_KEY,
        behave: Behave | None = None,
        rules: DeliveryRules | None = None,
        policy: AddressPolicy = LOOPBACK,
        latency_ms: int = 0,
        deletes_unfinished: bool = True,
        concurrency: int | None = None,
        result_ttl_ms: int | None = None,
        window: RequestWindow | None = None,
        faults: Iterable[tuple[Operation, Fault]] = (),
        now_ms: NowMs = now_ms,
    ) -> None:
        """`policy` says where callbacks may go; without public addresses no name server is asked.

        `concurrency`: so many jobs run at once, the others wait and say `throttled`.
        `result_ttl_ms`: so long after its end a job is forgotten whose behaviour does not say.
        `window`: what is over it is answered 429.
        `faults`: the answers to the first requests of these kinds.
        """
        self.window = window or RequestWindow(None)
        self._queue = JobQueue(concurrency)
        self._result_ttl_ms = result_ttl_ms
        self.api_key = api_key
        self.behave: Behave = behave or (lambda body: Behaviour())
        self.outage: Fault | None = None
        self.latency_ms = latency_ms
        self.deletes_unfinished = deletes_unfinished
        self.base_url = ""
        self.memory = Memory()
        self._rules = rules or DeliveryRules()
        self._policy = policy
        self._now_ms = now_ms
        self._numbers = itertools.count(1)
        self._faults: BoundedMemory[str, int] = BoundedMemory(FAULTY_MAX)
        self._request_faults = list(faults)
        self._held: dict[str, anyio.Event] = {}
        self._server = LocalServer(provider_app(self))

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the block ends; gives the base URL. Callbacks end with it.

        Raises:
            OSError: The port is taken.
        """
        resolve = system_resolve if self._policy.allow_public else resolve_here
        egress = Egress(self._policy, user_agent=USER_AGENT, resolve=resolve)
        self._caller = Caller(
            self.memory,
            egress,
            rules=self._rules,
            now_ms=self._now_ms,
            redacted_audio_url=lambda job: redacted_audio_url(self.base_url, job),
        )
        self._closing = anyio.Event()
        self._background = Background()
        async with self._server.serve(host=host, port=port) as self.base_url:
            try:
                yield self.base_url
            finally:
                self._closing.set()
                await self.release()
                await self._background.aclose()
                await egress.aclose()

    # What tests ask; every answer is a snapshot, safe to take from any thread.

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The newest `JOBS_MAX` jobs, in order of creation."""
        with self.memory.lock:
            return tuple(sorted(self.memory.jobs.values(), key=lambda job: job.number))

    @property
    def requests(self) -> tuple[Seen, ...]:
        """Every request, in order of arrival."""
        with self.memory.lock:
            return tuple(self.memory.requests)

    @property
    def creates(self) -> tuple[Seen, ...]:
        """Every attempt to create a job, also those that were refused."""
        wanted = ("POST", "/v2/transcript")
        return tuple(seen for seen in self.requests if (seen.method, seen.path) == wanted)

    @property
    def callbacks_sent(self) -> tuple[Sent, ...]:
        """Every attempt at a callback that has ended."""
        with self.memory.lock:
            return tuple(self.memory.sent)

    @property
    def uploads(self) -> tuple[Upload, ...]:
        """Every file that was uploaded and not deleted with its transcript."""
        with self.memory.lock:
            return self.memory.uploads.values()

    # What tests do; only in the simulator's own event loop.

    async def accept_connections(self) -> None:
        """Take connections again."""
        await self._server.accept()

    async def refuse_connections(self) -> None:
        """Close every connection and refuse new ones; jobs go on and callbacks go out."""
        await self._server.refuse()

    async def release(self, job_id: str | None = None) -> None:
        """Let the held reply of a job go out, or of every job."""
        for held_id, event in tuple(self._held.items()):
            if job_id in (None, held_id):
                event.set()

    async def send(self, job_id: str, callback: Callback | None = None) -> int | None:
        """Call back now, by hand; the status of the last attempt, None when there was no answer."""
        job = self.memory.jobs.get(job_id)
        assert job is not None, "a job of this simulator, not forgotten yet"
        return await self._caller.deliver(job, callback or Callback())

    # What the endpoints need: `entry.Host`.

    def now_ms(self) -> int:
        """Return the time."""
        return self._now_ms()

    def make_job(self, request: TranscriptRequest, behaviour: Behaviour) -> Job:
        """Remember a new job and schedule its callbacks."""
        created_ms = self._now_ms()
        run_ms = None if behaviour.never_ends else behaviour.run_ms
        ttl_ms, own_ms = self._result_ttl_ms, behaviour.expires_ms
        job = Job(
            id=str(uuid4()),
            number=next(self._numbers),
            request=request,
            behaviour=behaviour,
            created_ms=created_ms,
            waits_ms=self._queue.wait_ms(created_ms, run_ms),
            expires_ms=ttl_ms if own_ms is None else own_ms,
            made=self.memory.made,
        )
        self.memory.add_job(job)
        self._caller.schedule(job, self._background)
        return job

    def next_fault(self, request: TranscriptRequest, behaviour: Behaviour) -> Fault | None:
        """Return the wrong answer that this create gets; creates are counted by audio URL."""
        given = self._faults.get(request.audio_url) or 0
        if given >= len(behaviour.create_faults):
            return None
        self._faults.put(request.audio_url, given + 1)
        return behaviour.create_faults[given]

    def next_request_fault(self, operation: str) -> Fault | None:
        """Return the wrong answer that the next request of this kind gets, once."""
        for index, (kind, fault) in enumerate(self._request_faults):
            if kind == operation:
                del self._request_faults[index]
                return fault
        return None

    def fail(self, operation: Operation, fault: Fault) -> None:
        """Answer the next request of this kind so, once."""
        self._request_faults.append((operation, fault))

    async def wait_to_answer(self, job: Job) -> None:
        """Return when a held reply may go out."""
        if job.behaviour.held_reply_ms:
            released = self._held[job.id] = anyio.Event()
            with anyio.move_on_after(job.behaviour.held_reply_ms / 1000):
                await released.wait()
            del self._held[job.id]

    async def pause(self, wait_ms: int) -> None:
        """Wait, no longer than the simulator serves."""
        if wait_ms:
            with anyio.move_on_after(wait_ms / 1000):
                await self._closing.wait()

    async def drop(self, scope: Scope, receive: Receive) -> None:
        """Close the connection that a request came on."""
        await self._server.drop(scope, receive)


def resolve_here(host: str, port: int) -> list[str]:
    """Return the addresses of this machine's own names, which no name server is asked for.

    Raises:
        OSError: The name is another.
    """
    if host.rstrip(".") != "localhost":
        raise OSError(f"{host} is not on this machine")
    return system_resolve("localhost", port)
