"""A small house for the reconciler: log, keys, vault and adapter as they are, no HTTP in front.

Callbacks are taken by the edge's own application, on a server of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from stenolog.bootstrap.providers import FACTS
from stenolog.clock import NowMs, now_ms
from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.commands import RequestTranscription
from stenolog.commands.transcription.state import Transcription
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.vault import Vault
from stenolog.compliance.verify import verify as verify_log
from stenolog.edge.callbacks.receiving import Callbacks
from stenolog.edge.transcriptions.tenancy import Tenancy
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.event import Event
from stenolog.log.recorder import Cause, FactRecorder, new_id
from stenolog.projections.pages import OpenPage
from stenolog.providers.assemblyai.adapter import AssemblyAI
from stenolog.providers.assemblyai.connection import ServiceAddress
from stenolog.providers.port import Provider
from stenolog.reconciler.acting import Actor
from stenolog.reconciler.fetching import Fetcher
from stenolog.reconciler.loop import Reconciler
from stenolog.reconciler.recording import ProviderGate, Recorder
from stenolog.reconciler.settle import Settler
from stenolog.reconciler.submitting import Submitter
from stenolog.reconciler.timing import Timing
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.simulator.server import LocalServer
from stenolog.stores.files.uploads import UploadStore
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.records import SqliteRecords
from stenolog.telemetry import Metrics

MASTER = MasterKey(bytes(range(32)))
KEYS = CallbackKeys(current=1, secrets={1: b"k" * 32})
TENANT = "00000000-0000-4000-8000-0000000000aa"
CLIENT = "00000000-0000-4000-8000-0000000000bb"
PATIENCE_S = 15.0
# Short enough for a test, long enough that their order shows.
QUICK = Timing(settle_ms=300, silence_ms=200_000, sweep_interval_ms=200, job_lifetime_ms=86_400_000)


async def until(condition: Callable[[], bool], what: str = "") -> None:
    """Return once it holds.

    Raises:
        AssertionError: It did not in time.
    """
    deadline = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < deadline, what or "it did not happen in time"
        await asyncio.sleep(0.01)


@dataclass(slots=True)
class OpenOnes:
    """What a view would say is open, as of a place in the log; no `event_id`: of this one."""

    position: int
    ids: list[str] = field(default_factory=list)
    event_id: str = ""

    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage:
        """In order of id."""
        ids = tuple(one for one in sorted(self.ids) if one > after)[:limit]
        return OpenPage(
            ids=ids, checkpoint=Checkpoint(position=self.position, event_id=self.event_id)
        )


@dataclass(slots=True)
class KeysOnly:
    """Erases what there is to erase in a house without views."""

    vault: Vault

    async def erase(self, state: Transcription) -> None:
        """The key is gone."""
        await self.vault.destroy(state.stream)


class Around:
    """A provider that is another one, but for what a test makes different."""

    def __init__(self, inner: Provider) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass(slots=True, kw_only=True)
class House:
    """What a test holds in its hands."""

    directory: Path
    simulator: Simulator
    keys: SqliteKeys
    events: SqliteLog
    handler: CommandHandler
    facts: FactRecorder
    uploads: UploadStore
    actor: Actor
    reconciler: Reconciler
    metrics: Metrics
    ids: list[str]

    async def request(
        self, behaviour: Behaviour | None = None, *, tenant: str = TENANT, **params: object
    ) -> str:
        """A transcription was asked for, of an audio URL of its own."""
        identifier = new_id()
        audio_url = str(params.pop("audio_url", f"https://audio.example/{identifier}.mp3"))
        if behaviour is not None:
            self.behave(audio_url, behaviour)
        upload = params.pop("upload", None)
        await self.handler.run(
            RequestTranscription(
                provider="assemblyai",
                region="us",
                surface="v2",
                upload=None if upload is None else str(upload),
            ),
            Transcription(id=identifier),
            Cause(tenant=tenant, actor=CLIENT, correlation_id=new_id()),
            {
                "transcription.requested": json.dumps(
                    {"params": {"audio_url": audio_url, **params}}
                ).encode()
            },
        )
        self.ids.append(identifier)
        return identifier

    def behave(self, audio_url: str, behaviour: Behaviour) -> None:
        """Jobs for this audio go like this; others as before."""
        before = self.simulator.behave
        self.simulator.behave = lambda body: (
            behaviour if body.get("audio_url") == audio_url else before(body)
        )

    async def types(self, identifier: str) -> list[str]:
        """The types of its events, in order."""
        return [event.type for event in await self.stream(identifier)]

    async def stream(self, identifier: str) -> list[Event]:
        """Its events."""
        return await self.handler.events(identifier)

    async def ended(self, identifier: str) -> Transcription:
        """The transcription, once it has an outcome."""
        return await self.when(identifier, lambda state: state.terminal)

    async def when(self, identifier: str, holds: Callable[[Transcription], bool]) -> Transcription:
        """The transcription, once it is so."""
        deadline = monotonic() + PATIENCE_S
        while True:
            state = await self.handler.load(identifier)
            if holds(state):
                return state
            assert monotonic() < deadline, (state, await self.types(identifier))
            await asyncio.sleep(0.01)

    async def payload(self, identifier: str, event_type: str) -> bytes:
        """The payload of the first event of this type."""
        for event in await self.stream(identifier):
            if event.type == event_type:
                payload = await self.handler.payload_of(event.id, event.position)
                assert payload is not None
                return payload
        raise AssertionError(f"no {event_type}")

    async def sentence(self, identifier: str) -> str:
        """What the customer is told of a failure."""
        return str(json.loads(await self.payload(identifier, "transcription.failed"))["error"])

    def jobs_of(self, identifier: str) -> list[Job]:
        """The provider's jobs for it that were not deleted."""
        return [
            job
            for job in self.simulator.jobs
            if job.request.audio_url.endswith(f"/{identifier}.mp3") and not job.deleted
        ]

    def gets(self, job_id: str | None = None) -> int:
        """How often a job, or any job, was asked for."""
        return sum(
            seen.method == "GET" and seen.path.startswith("/v2/transcript/")
            for seen in self.simulator.requests
            if job_id is None or seen.job_id == job_id
        )

    @property
    def lists(self) -> list[dict[str, str]]:
        """The queries of every list that was asked for."""
        return [
            dict(seen.query)
            for seen in self.simulator.requests
            if (seen.method, seen.path) == ("GET", "/v2/transcript")
        ]

    def check_log(self) -> None:
        """The log verifies, from its files alone."""
        with closing(
            SqliteRecords(self.directory / "log.db", self.directory / "keys.db")
        ) as records:
            verify_log(records, MASTER, [])


@asynccontextmanager
async def house(
    directory: Path,
    simulator: Simulator,
    *,
    timing: Timing = QUICK,
    http_timeout_ms: int = 1_000,
    around: Callable[[Provider], Any] = lambda provider: provider,
    log: type[SqliteLog] = SqliteLog,
    ids: Sequence[str] = (),
    tenant_concurrency: int = 0,
    head: int | None = None,
    head_id: str = "",
    clock: NowMs = now_ms,
) -> AsyncIterator[House]:
    """A house whose reconciler runs; `ids` are open from before, as of `head` (None: now) and
    the event `head_id` (empty: whichever is there).

    On the way out the reconciler is stopped, every transcription's events are dense, and the log
    verifies.
    """
    async with AsyncExitStack() as stack:
        keys = await SqliteKeys.open(directory / "keys.db")
        stack.push_async_callback(keys.close)
        events = await log.open(directory / "log.db")
        stack.push_async_callback(events.close)
        vault = Vault(MASTER, keys)
        facts = FactRecorder(events, vault)
        handler = CommandHandler(events, vault, facts)
        (directory / "uploads").mkdir(exist_ok=True)
        uploads = UploadStore(directory / "uploads", vault)
        egress = Egress(AddressPolicy.of(origins=[simulator.base_url]))
        stack.push_async_callback(egress.aclose)
        address = ServiceAddress(base_url=simulator.base_url, api_key=API_KEY)
        provider = AssemblyAI("assemblyai", lambda: address, egress, timeout_ms=http_timeout_ms)
        metrics = Metrics()
        wakes: list[Reconciler] = []
        called = Callbacks(
            facts=facts,
            tenancy=Tenancy(events),
            keys=lambda: KEYS,
            wake=lambda identifier, reason: wakes[0].wake(identifier, reason),  # noqa: PLW0108 - made later
            metrics=metrics,
        )
        server = LocalServer(
            Starlette(routes=[Route("/callbacks/{provider}/{token}", called, methods=None)])
        )
        base = await stack.enter_async_context(server.serve())
        gate = ProviderGate(around(provider), base)
        recorder = Recorder(handler, {("assemblyai", "us"): gate}, FACTS)
        submitter = Submitter(recorder, KEYS, uploads, clock)
        fetcher = Fetcher(recorder, submitter, metrics, clock)
        settler = Settler(recorder, fetcher, clock)
        actor = Actor(recorder, submitter, fetcher, settler, KeysOnly(vault), clock)
        reconciler = Reconciler(
            events,
            recorder,
            actor,
            {"assemblyai": timing},
            clock,
            tenant_concurrency=tenant_concurrency,
        )
        wakes.append(reconciler)
        made = House(
            directory=directory,
            simulator=simulator,
            keys=keys,
            events=events,
            handler=handler,
            facts=facts,
            uploads=uploads,
            actor=actor,
            reconciler=reconciler,
            metrics=metrics,
            ids=list(ids),
        )
        position = await events.head() if head is None else head
        running = asyncio.create_task(reconciler.run(OpenOnes(position, list(ids), head_id)))
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()
    made.check_log()
