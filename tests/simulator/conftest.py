"""A simulator, a receiver and a client, each a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import pytest

from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.receiver import Receiver

KEY = "a-key"
AUDIO = "https://example.com/a.mp3"
WAIT_S_MAX = 20
FAST = DeliveryRules(attempts_max=3, spacing_ms=20, timeout_ms=5_000)


@dataclass
class Bench:
    """What a test holds."""

    simulator: Simulator
    receiver: Receiver
    client: httpx.AsyncClient
    base_url: str
    hook: str

    async def create(self, **params: Any) -> httpx.Response:
        return await self.client.post("/v2/transcript", json={"audio_url": AUDIO, **params})

    async def created(self, **params: Any) -> str:
        answer = await self.create(**params)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def read(self, job_id: str) -> dict[str, Any]:
        answer = await self.client.get(f"/v2/transcript/{job_id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def finished(self, job_id: str) -> dict[str, Any]:
        body: dict[str, Any] = {}

        async def done() -> bool:
            nonlocal body
            body = await self.read(job_id)
            return body["status"] in ("completed", "error")

        await until(done)
        return body

    def job(self, job_id: str) -> Job:
        return next(job for job in self.simulator.jobs if job.id == job_id)


async def until(condition: Callable[[], Awaitable[object] | object]) -> None:
    """Wait until something holds, but not for ever."""
    with anyio.fail_after(WAIT_S_MAX):
        while True:
            holds = condition()
            if isinstance(holds, Awaitable):
                holds = await holds
            if holds:
                return
            await anyio.sleep(0.005)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    simulator, receiver = Simulator(api_key=KEY, rules=FAST), Receiver()
    async with (
        simulator.serve() as base_url,
        receiver.serve() as hook,
        httpx.AsyncClient(
            base_url=base_url, headers={"Authorization": KEY}, verify=False, timeout=WAIT_S_MAX
        ) as client,
    ):
        yield Bench(simulator, receiver, client, base_url, f"{hook}/hook?job=1")
