"""A customer of the gateway: asks for transcripts over `/v2` and waits for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx

from infra.bench.gateway import RunningGateway

REQUEST_SECONDS_MAX = 120
ENDED_SECONDS_MAX = 60
LOOK_SECONDS = 0.05


@contextlib.asynccontextmanager
async def customer(ours: RunningGateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the first key."""
    async with httpx.AsyncClient(
        base_url=ours.url,
        headers={"authorization": ours.api_key},
        timeout=REQUEST_SECONDS_MAX,
        trust_env=False,
    ) as http:
        yield http


async def ended(
    http: httpx.AsyncClient, transcription_id: str, path: str = "/v2/transcript"
) -> None:
    """Return once it is completed, as `path` shows it.

    Raises:
        RuntimeError: It ended with an error.
        TimeoutError: It did not end.
    """
    async with asyncio.timeout(ENDED_SECONDS_MAX):
        while True:
            answer = await http.get(f"{path}/{transcription_id}")
            status = answer.raise_for_status().json()["status"]
            if status == "completed":
                return
            if status == "error":
                raise RuntimeError("a transcription ended with an error")
            await asyncio.sleep(LOOK_SECONDS)
