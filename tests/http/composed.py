"""A composition root for tests: real stores, the real application, a real server, no reconciler.

What the reconciler would do is done by the test, command by command, so that every moment of a
transcription's life can be looked at over HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.bootstrap.serving import bind, server_for, url_of
from stenolog.clock import now_ms
from stenolog.commands.api_keys import DEFAULT_TENANT, SCOPES, create_api_key
from stenolog.commands.callback_tokens import HEADER_NAME, CallbackKeys, Registration, register
from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.commands import (
    AcceptSubmission,
    ClaimSubmission,
    Command,
    Complete,
    Fail,
)
from stenolog.commands.transcription.state import stream_of
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.erasure import Eraser
from stenolog.compliance.upload_lifetime import UploadLifetime
from stenolog.compliance.upload_users import UsersInViews
from stenolog.compliance.vault import Vault
from stenolog.edge.app import Edge, RequestPorts, build_app
from stenolog.edge.assemblyai.routes import AssemblyAIPorts
from stenolog.edge.callbacks.routes import CallbackPorts
from stenolog.edge.native.routes import NativePorts
from stenolog.edge.operations.readiness import ready
from stenolog.edge.operations.routes import OperationsPorts
from stenolog.edge.ports import Readiness
from stenolog.edge.transcriptions.commit_times import CommitTimes
from stenolog.edge.transcriptions.use_cases import TranscriptionPorts
from stenolog.encryption import KEY_BYTES
from stenolog.log.event import Event
from stenolog.log.events.vocabulary import ProviderName, Region, WakeReason
from stenolog.log.recorder import RECONCILER, Cause, FactRecorder
from stenolog.projections.run.projector import Projector
from stenolog.reconciler.turns import Turns
from stenolog.side_process import SideProcess
from stenolog.stores.files.uploads import UploadStore
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.views.store import SqliteViews
from stenolog.telemetry import Metrics
from tests.http.gated_log import GatedLog
from tests.http.stored_audio import StoredAudio

DEADLINE_S = 10.0
PUBLIC_URL = "https://stenolog.example"
UPLOAD_RETENTION_MS = 86_400_000
PROVIDERS: dict[ProviderName, tuple[Region | None, ...]] = {
    "assemblyai": ("us", "eu"),
    "local": (None,),
}


async def until(condition: Callable[[], bool]) -> None:
    """Return once it holds; fails after the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.001)


@dataclass(kw_only=True)
class Composed:
    """A running service and what a test needs to look behind it."""

    url: str
    key: str
    client: httpx.AsyncClient
    events: GatedLog
    keys: SqliteKeys
    views: SqliteViews
    vault: Vault
    handler: CommandHandler
    facts: FactRecorder
    uploads: UploadStore
    uploads_directory: Path
    lifetime: UploadLifetime
    projector: Projector
    metrics: Metrics
    signing: CallbackKeys
    wakes: list[tuple[str, WakeReason]] = field(default_factory=list)
    audio: StoredAudio
    side_processes: tuple[SideProcess, SideProcess]
    turns: Turns
    readiness: Readiness
    routes: list[Any]
    _following: asyncio.Task[None] | None = None

    async def follow(self) -> None:
        """The projector runs from now on."""
        self._following = asyncio.create_task(self.projector.run())

    async def stand_still(self) -> None:
        """The projector is stopped."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._following = None

    async def projected(self) -> None:
        """The views hold everything that the log has."""
        if self._following is None:
            await self.projector.catch_up()
        else:
            async with asyncio.timeout(DEADLINE_S):
                await self.projector.wait_projected(await self.events.head())

    async def new_key(self, tenant: str = DEFAULT_TENANT, *scopes: str) -> str:
        """Another API key; with every scope when none is named."""
        secret, _ = await create_api_key(
            self.keys, tenant=tenant, name="test", scopes=scopes or SCOPES
        )
        return secret

    async def submit(self, **params: Any) -> str:
        """A transcription was requested over HTTP; its id."""
        body = {"audio_url": f"https://audio.example/{uuid.uuid4()}.mp3", **params}
        answer = await self.client.post("/v2/transcript", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def run(self, transcription_id: str, command: Command, **payloads: bytes) -> None:
        """The reconciler's part."""
        state = await self.handler.load(transcription_id)
        cause = Cause(tenant=state.tenant, actor=RECONCILER, correlation_id=state.correlation_id)
        named = {name.replace("_", "."): payload for name, payload in payloads.items()}
        assert await self.handler.run(command, state, cause, named)

    async def claim(self, transcription_id: str, number: int = 1) -> Registration:
        """A submission is claimed; what would be registered with the provider."""
        claim = ClaimSubmission(number=number, kid=self.signing.current)
        await self.run(transcription_id, claim, submission_claimed=b"{}")
        return register(self.signing, "assemblyai", transcription_id, number)

    async def accept(self, transcription_id: str, number: int = 1, job: str = "job-1") -> None:
        """The provider has named its job."""
        await self.run(
            transcription_id, AcceptSubmission(number=number, provider_job=job, adopted=False)
        )

    async def complete(
        self, transcription_id: str, answer: dict[str, Any], number: int = 1
    ) -> None:
        """The provider's answer was fetched."""
        command = Complete(
            number=number, wake="callback", audio_ms=9_500, words=len(answer.get("words") or ())
        )
        await self.run(
            transcription_id, command, transcription_completed=json.dumps(answer).encode()
        )

    async def fail(self, transcription_id: str, error: str) -> None:
        """The provider failed it."""
        payload = json.dumps({"error": error, "answer": None}).encode()
        await self.run(
            transcription_id,
            Fail(number=1, reason="provider", wake="callback"),
            transcription_failed=payload,
        )

    async def submitted(self, **params: Any) -> tuple[str, Registration]:
        """A transcription whose provider job exists, and what was registered with it."""
        transcription_id = await self.submit(**params)
        registration = await self.claim(transcription_id)
        await self.accept(transcription_id)
        return transcription_id, registration

    async def call_back(
        self, registration: Registration, body: bytes | None = None, **how: Any
    ) -> httpx.Response:
        """The provider's callback with the header that was registered."""
        content = json.dumps({"transcript_id": "job-1", "status": "completed"}).encode()
        headers = {HEADER_NAME: registration.header, **how.pop("headers", {})}
        return await self.client.post(
            f"/callbacks/assemblyai/{registration.token}",
            content=content if body is None else body,
            headers=headers,
            **how,
        )

    async def stream(self, transcription_id: str) -> list[Event]:
        """What the log says of a transcription."""
        return await self.events.read_stream(stream_of(transcription_id))

    async def received(self, transcription_id: str) -> list[Event]:
        """The callbacks that the log has."""
        return [
            event
            for event in await self.stream(transcription_id)
            if event.type == "callback.received"
        ]

    def counted(self, name: str) -> dict[str, float]:
        """A counter's samples, by their labels as they are written."""
        lines = self.metrics.exposition()[0].decode().splitlines()
        found = [line.rpartition(" ") for line in lines if line.startswith(name + "{")]
        return {labels[len(name) :]: float(value) for labels, _, value in found}


@contextlib.asynccontextmanager
async def composed(
    directory: Path,
    *,
    rate_limit_per_minute: int = 0,
    upload_bytes_max: int = 50 << 20,
    master_key: bytes | None = None,
    cors_origins: tuple[str, ...] = (),
    asks_the_stores: bool = False,
    providers: Mapping[ProviderName, Sequence[Region | None]] = PROVIDERS,
    speech_models: tuple[str, ...] = (),
) -> AsyncIterator[Composed]:
    """A service on a free port, its stores below `directory`; the projector follows the log.

    `asks_the_stores`: readiness is what the gateway says, not what the test sets.
    """
    async with contextlib.AsyncExitStack() as stack:
        keys = await SqliteKeys.open(directory / "keys.db")
        stack.push_async_callback(keys.close)
        log = await GatedLog.open(directory / "log.db")
        assert isinstance(log, GatedLog)
        stack.push_async_callback(log.close)
        views = await SqliteViews.open(directory / "views.db")
        stack.push_async_callback(views.close)
        vault = Vault(MasterKey(master_key or os.urandom(KEY_BYTES)), keys)
        facts = FactRecorder(log, vault)
        handler = CommandHandler(log, vault, facts)
        uploads_directory = directory / "uploads"
        uploads_directory.mkdir(mode=0o700, exist_ok=True)
        uploads = UploadStore(uploads_directory, vault)
        seen = CommitTimes()
        projector = Projector(
            log_store=log,
            sealer=vault,
            views=views,
            projections=PROJECTIONS,
            now_ms=now_ms,
            on_committed=[seen.note],
        )
        stack.push_async_callback(projector.close)
        lifetime = UploadLifetime(
            events=log,
            facts=facts,
            keys=vault,
            files=uploads,
            users=UsersInViews(views, projector),
            retention_ms=UPLOAD_RETENTION_MS,
            now_ms=now_ms,
        )
        signing = CallbackKeys(current=2, secrets={1: os.urandom(32), 2: os.urandom(32)})
        secret, _ = await create_api_key(keys, tenant=DEFAULT_TENANT, name="test", scopes=SCOPES)
        metrics, audio = Metrics(), StoredAudio()
        side_processes = (SideProcess(), SideProcess())
        for side_process in side_processes:
            stack.push_async_callback(side_process.close)
        wakes: list[tuple[str, WakeReason]] = []
        turns = Turns(1, lambda transcription_id: None)

        async def readiness() -> Readiness:
            return await ready(facts, keys) if asks_the_stores else service.readiness

        def wake(transcription_id: str, reason: WakeReason) -> None:
            wakes.append((transcription_id, reason))

        app = build_app(
            Edge(
                requests=RequestPorts(
                    api_keys=keys,
                    metrics=metrics,
                    rate_limit_per_minute=rate_limit_per_minute,
                    cors_origins=cors_origins,
                ),
                transcriptions=TranscriptionPorts(
                    handler=handler,
                    facts=facts,
                    events=log,
                    views=views,
                    uploads=uploads,
                    upload_key=bytes(32),
                    idempotency_secret=bytes(32),
                    public_url=lambda: PUBLIC_URL,
                    default_provider="assemblyai",
                    providers=providers,
                    wake=wake,
                    erase=Eraser(vault, projector, lifetime).erase_now,
                ),
                callbacks=CallbackPorts(
                    facts=facts, keys=lambda: service.signing, wake=wake, metrics=metrics
                ),
                assemblyai=AssemblyAIPorts(
                    facts=facts,
                    views=views,
                    uploads=uploads,
                    redacted_audio=audio,
                    side_work=side_processes,
                    turns=turns,
                    link_key=bytes(32),
                    public_url=lambda: PUBLIC_URL,
                    default_provider="assemblyai",
                    default_params={"assemblyai": {"speech_models": list(speech_models)}}
                    if speech_models
                    else {},
                    upload_bytes_max=upload_bytes_max,
                ),
                native=NativePorts(
                    events=log,
                    views=views,
                    api_keys=keys,
                    regions=[one for regions in providers.values() for one in regions if one],
                    readable_at=seen.at,
                    rebuild=projector.rebuild,
                ),
                operations=OperationsPorts(readiness=readiness, metrics=metrics),
            )
        )
        listener = bind("127.0.0.1", 0)
        url = url_of("127.0.0.1", listener.getsockname()[1])
        server = server_for(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=url,
                headers={"Authorization": secret},
                timeout=DEADLINE_S,
                trust_env=False,
                limits=httpx.Limits(max_connections=120),
            )
        )
        service = Composed(
            url=url,
            key=secret,
            client=client,
            events=log,
            keys=keys,
            views=views,
            vault=vault,
            handler=handler,
            facts=facts,
            uploads=uploads,
            uploads_directory=uploads_directory,
            lifetime=lifetime,
            projector=projector,
            metrics=metrics,
            signing=signing,
            wakes=wakes,
            audio=audio,
            side_processes=side_processes,
            turns=turns,
            readiness=Readiness(ready=True, checks={"log": "commits"}),
            routes=list(app.routes),
        )
        await service.follow()
        try:
            yield service
        finally:
            log.passing.set()
            await service.stand_still()
            server.should_exit = True
            await serving
            listener.close()
