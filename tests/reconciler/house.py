"""A service whose reconciler runs, with a simulated provider and views that a test makes up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from pydantic import SecretStr

from stenolog.bootstrap.stores import Wrapping
from stenolog.clock import NowMs, now_ms
from stenolog.commands.transcription.commands import RequestTranscription
from stenolog.commands.transcription.state import Transcription
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.verify import verify as verify_log
from stenolog.config.settings import Settings
from stenolog.log.recorder import Cause, new_id
from stenolog.providers.port import Provider
from stenolog.reconciler.gates import GateStanding, ProviderRegion
from stenolog.reconciler.timing import Timing
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.records import SqliteRecords
from tests.house.running import Running, running
from tests.house.waiting import DEADLINE_S

MASTER = bytes(range(32))
TENANT = "00000000-0000-4000-8000-0000000000aa"
CLIENT = "00000000-0000-4000-8000-0000000000bb"
# Short enough for a test, long enough that their order shows.
QUICK = Timing(settle_ms=300, silence_ms=200_000, sweep_interval_ms=200, job_lifetime_ms=86_400_000)


class Around:
    """A provider that is another one, but for what a test makes different."""

    def __init__(self, inner: Provider) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class House(Running):
    """What a test holds in its hands.

    Attributes:
        ids: Every transcription that was asked for.
    """

    simulator: Simulator

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.actor = self.parts.reconciling.actor
        self.reconciler = self.parts.reconciling.reconciler
        self.ids: list[str] = []

    @asynccontextmanager
    async def reconciling(self) -> AsyncIterator[None]:
        """Run the reconciler, which takes up what is open, and stop it at the end."""
        running = asyncio.create_task(self.reconciler.run(self.events))
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()

    async def request(
        self,
        behaviour: Behaviour | None = None,
        *,
        tenant: str = TENANT,
        at: ProviderRegion = ("assemblyai", "us"),
        **params: object,
    ) -> str:
        """A transcription was asked for, of an audio URL of its own."""
        identifier = new_id()
        audio_url = str(params.pop("audio_url", f"https://audio.example/{identifier}.mp3"))
        if behaviour is not None:
            self.behave(audio_url, behaviour)
        upload = params.pop("upload", None)
        await self.handler.run(
            RequestTranscription(
                provider=at[0],
                region=at[1],
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

    async def ended(self, identifier: str) -> Transcription:
        """The transcription, once it has an outcome."""
        return await self.when(identifier, lambda state: state.terminal)

    async def when(self, identifier: str, holds: Callable[[Transcription], bool]) -> Transcription:
        """The transcription, once it is so."""
        deadline = monotonic() + DEADLINE_S
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
    def standing(self) -> GateStanding:
        """How the simulated provider has answered."""
        return self.reconciler.figures().standing["assemblyai", "us"]

    @property
    def lists(self) -> list[dict[str, str]]:
        """The queries of every list that was asked for."""
        return [
            dict(seen.query)
            for seen in self.simulator.requests
            if (seen.method, seen.path) == ("GET", "/v2/transcript")
        ]


@asynccontextmanager
async def resting(
    directory: Path,
    simulator: Simulator,
    *,
    timing: Timing = QUICK,
    around: Callable[[Provider], Any] = lambda provider: provider,
    log: type[SqliteLog] = SqliteLog,
    clock: NowMs = now_ms,
    **given: Any,
) -> AsyncIterator[House]:
    """Make a house whose reconciler does not run; `given` are settings.

    On the way out the log verifies.
    """
    settings = Settings(
        **{
            "data_dir": directory,
            "master_key": SecretStr(MASTER.hex()),
            "assemblyai_api_key": SecretStr(API_KEY),
            "assemblyai_base_url": simulator.base_url,
            "speech_models": (),
            "http_timeout_ms": 1_000,
            "settle_ms": timing.settle_ms,
            "callback_silence_ms": timing.silence_ms,
            "sweep_interval_ms": timing.sweep_interval_ms,
            "provider_job_lifetime_ms": timing.job_lifetime_ms,
            **given,
        }
    )
    wrapping = Wrapping(
        log_type=log,
        provider=around,
        clock=clock,
        # A simulator is on this machine, and can always call.
        reconciling=lambda made: replace(made, polled=timing.polled),
    )
    async with running(settings, wrapping, House) as made:
        made.simulator = simulator
        yield made
    check_log(directory)


@asynccontextmanager
async def house(
    directory: Path,
    simulator: Simulator,
    *,
    ids: Sequence[str] = (),
    **given: Any,
) -> AsyncIterator[House]:
    """Run a house with its reconciler; `ids` are from before. `given` is as for `resting`."""
    async with resting(directory, simulator, **given) as made:
        made.ids.extend(ids)
        async with made.reconciling():
            yield made


def check_log(directory: Path) -> None:
    """The log verifies, from its files alone."""
    with closing(SqliteRecords(directory / "log.db", directory / "keys.db")) as records:
        verify_log(records, MasterKey(MASTER), [])
