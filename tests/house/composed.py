"""Run a service without a reconciler: the test does its part, command by command.

So every moment of a transcription's life can be looked at over HTTP.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import httpx
from pydantic import SecretStr

from stenolog.bootstrap.edge_parts import EdgeParts
from stenolog.bootstrap.identity import CALLBACK
from stenolog.bootstrap.stores import Wrapping
from stenolog.commands.callback_tokens import HEADER_NAME, Registration, register
from stenolog.commands.transcription.commands import (
    AcceptSubmission,
    ClaimSubmission,
    Command,
    Complete,
    Fail,
)
from stenolog.config.settings import Settings
from stenolog.edge.loops import QueuePlace
from stenolog.edge.transcriptions.awaiting import WaitLimits
from stenolog.encryption import KEY_BYTES
from stenolog.log.actors import RECONCILER
from stenolog.log.event import Event
from stenolog.log.events.vocabulary import WakeReason
from stenolog.log.recorder import Cause
from stenolog.side_process import SideProcess
from tests.house.gated_log import GatedLog
from tests.house.running import Running, running
from tests.house.stored_audio import StoredAudio

PUBLIC_URL = "https://stenolog.example"
LOOPBACK = (ip_network("127.0.0.0/8"),)  # where a test's own receivers are
# Nobody ends a transcription while somebody waits for it, but where a test says so.
IMPATIENT = WaitLimits(ms_max=20)
WRAPPING = Wrapping(log_type=GatedLog)
NOBODY = "http://127.0.0.1:9"  # nothing answers there


async def told_place(provider_job: str) -> QueuePlace | None:
    """The place of a job whose name has one."""
    number = provider_job.removeprefix("queued-")
    return QueuePlace(position=int(number), expected_ms=None) if number.isdigit() else None


class Wakes(list[tuple[str, WakeReason]]):
    """What the reconciler was asked to look at, and why."""

    def __call__(self, transcription_id: str, reason: WakeReason) -> None:
        self.append((transcription_id, reason))


class Composed(Running):
    """A running service whose test does what the reconciler would do.

    Attributes:
        audio: The redacted audio of every transcription.
    """

    events: GatedLog

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        assert isinstance(self.events, GatedLog)
        self.wakes = cast("Wakes", self.edge.wake)
        self.audio = cast("StoredAudio", self.edge.redacted_audio)
        self.side_processes = cast("tuple[SideProcess, SideProcess]", self.edge.side_work)

    async def submit(self, **params: Any) -> str:
        """Request a transcription over HTTP; return its id."""
        body = {"audio_url": f"https://audio.example/{uuid.uuid4()}.mp3", **params}
        answer = await self.client.post("/v2/transcript", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def run(self, transcription_id: str, command: Command, **payloads: bytes) -> None:
        """Run a command as the reconciler."""
        state = await self.handler.load(transcription_id)
        cause = Cause(tenant=state.tenant, actor=RECONCILER, correlation_id=state.correlation_id)
        named = {name.replace("_", "."): payload for name, payload in payloads.items()}
        assert await self.handler.run(command, state, cause, named)

    async def claim(self, transcription_id: str, number: int = 1) -> Registration:
        """Claim a submission; return what would be registered with the provider."""
        claim = ClaimSubmission(number=number, kid=self.signing.current)
        await self.run(transcription_id, claim, submission_claimed=b"{}")
        return register(self.signing, "assemblyai", transcription_id, number)

    async def accept(self, transcription_id: str, number: int = 1, job: str = "job-1") -> None:
        """Record that the provider has named its job."""
        await self.run(
            transcription_id, AcceptSubmission(number=number, provider_job=job, adopted=False)
        )

    async def complete(
        self, transcription_id: str, answer: dict[str, Any], number: int = 1
    ) -> None:
        """Record the provider's answer."""
        command = Complete(
            number=number, wake="callback", audio_ms=9_500, words=len(answer.get("words") or ())
        )
        await self.run(
            transcription_id, command, transcription_completed=json.dumps(answer).encode()
        )

    async def fail(self, transcription_id: str, error: str) -> None:
        """Record that the provider failed it."""
        payload = json.dumps({"error": error, "answer": None}).encode()
        await self.run(
            transcription_id,
            Fail(number=1, reason="provider", wake="callback"),
            transcription_failed=payload,
        )

    async def submitted(self, **params: Any) -> tuple[str, Registration]:
        """Make a transcription whose provider job exists; return what was registered with it."""
        transcription_id = await self.submit(**params)
        registration = await self.claim(transcription_id)
        await self.accept(transcription_id)
        return transcription_id, registration

    async def call_back(
        self, registration: Registration, body: bytes | None = None, **how: Any
    ) -> httpx.Response:
        """Call back as the provider, with the header that was registered."""
        content = json.dumps({"transcript_id": "job-1", "status": "completed"}).encode()
        headers = {HEADER_NAME: registration.header, **how.pop("headers", {})}
        return await self.client.post(
            f"/callbacks/assemblyai/{registration.token}",
            content=content if body is None else body,
            headers=headers,
            **how,
        )

    async def received(self, transcription_id: str) -> list[Event]:
        """Return the callbacks that the log has."""
        return [
            event
            for event in await self.stream(transcription_id)
            if event.type == "callback.received"
        ]

    async def rotate(self) -> None:
        """Add a key for callbacks; the next start signs with it."""
        number = max(self.signing.secrets) + 1
        box = self.stores.master.wrap(os.urandom(KEY_BYTES), f"{CALLBACK} {number}".encode())
        await self.keys.add_secret(CALLBACK, number, box)


@contextlib.asynccontextmanager
async def composed(
    directory: Path,
    *,
    waiting: WaitLimits = IMPATIENT,
    wrapping: Wrapping = WRAPPING,
    **given: Any,
) -> AsyncIterator[Composed]:
    """Serve with stores in `directory`; the projector follows the log.

    `given` are settings; without `access_log` reads are not recorded. `waiting` says who may
    wait for an end; a `wrapping` has a `GatedLog`. Beside two regions of AssemblyAI, a `local`
    provider is offered.
    """
    settings = Settings(
        **{
            "data_dir": directory,
            "assemblyai_api_key": SecretStr("k"),
            "assemblyai_base_url": NOBODY,
            "assemblyai_eu_base_url": NOBODY,
            "public_url": PUBLIC_URL,
            "allow_networks": LOOPBACK,
            "speech_models": (),
            "tenant_concurrency": 1,
            "access_log": "off",
            **given,
        }
    )
    async with running(settings, wrapping, Composed, partial(_edge, waiting)) as service:
        await service.follow()
        try:
            yield service
        finally:
            service.events.passing.set()


def _edge(waiting: WaitLimits, parts: EdgeParts) -> EdgeParts:
    return replace(
        parts,
        wake=Wakes(),
        regions={**parts.regions, "local": (None,)},
        redacted_audio=StoredAudio(),
        waiting=waiting,
        place_of={"assemblyai": told_place},
    )
