"""Resident memory of the gateway while 1 GB is uploaded to it, and while it forwards it.

The bytes are made as they are sent, and the simulated provider keeps none of them: the one copy on
the disk is the gateway's, which is removed when it has been measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path
from typing import TypeVar

from infra.bench.children import Child, child
from infra.bench.customer import customer, ended
from infra.bench.figures import Figure, at_most
from infra.bench.gateway import gateway

T = TypeVar("T")

BLOCK = bytes(1 << 20)
BLOCKS, WARMING_BLOCKS = 1_000, 16
FREE_BYTES_MIN = 3 * BLOCKS * len(BLOCK)
GROWTH_MB_MAX = 32  # issue 4
MEGABYTE = 1_000_000
LOOK_SECONDS = 0.01
RUN_MS = 100


async def measure(place: Path) -> Sequence[Figure]:
    """How much memory grew at most during either, beyond what a small upload had left.

    Raises:
        RuntimeError: The disk has less than 3 GB to spare.
    """
    if shutil.disk_usage(place).free < FREE_BYTES_MIN:
        raise RuntimeError("the disk has less than 3 GB to spare")
    directory = place / "data"
    async with (
        child("infra.bench.provider", str(RUN_MS), "30", "1", errors=place / "errors") as provider,
        gateway(directory, provider_url=provider.first_line) as ours,
        customer(ours) as http,
    ):

        async def upload(blocks: int) -> str:
            answer = await http.post("/v2/upload", content=_zeros(blocks))
            return str(answer.raise_for_status().json()["upload_url"])

        async def transcribe(url: str) -> None:
            made = await http.post("/v2/transcript", json={"audio_url": url})
            await ended(http, made.raise_for_status().json()["id"])

        await transcribe(await upload(WARMING_BLOCKS))
        began = time.perf_counter()
        url, uploaded_mb = await _grown(ours.child, upload(BLOCKS))
        seconds = time.perf_counter() - began
        _, forwarded_mb = await _grown(ours.child, transcribe(url))
    await asyncio.to_thread(shutil.rmtree, directory)
    wanted = at_most(GROWTH_MB_MAX)
    return [
        Figure(name="memory growth, 1 GB upload", value=uploaded_mb, unit="MB", wanted=wanted),
        Figure(name="memory growth, forwarding it", value=forwarded_mb, unit="MB", wanted=wanted),
        Figure(name="  upload", value=BLOCKS * len(BLOCK) / MEGABYTE / seconds, unit="MB/s"),
    ]


async def _grown(watched: Child, work: Awaitable[T]) -> tuple[T, float]:
    """What the work gave, and by how many megabytes memory was ever larger than before it."""
    before = watched.rss_bytes()
    looking = asyncio.create_task(_peak(watched))
    try:
        given = await work
    finally:
        looking.cancel()
    return given, (await looking - before) / MEGABYTE


async def _peak(watched: Child) -> int:
    """Until cancelled: the most memory that was seen."""
    most = watched.rss_bytes()
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            most = max(most, watched.rss_bytes())
    return most


async def _zeros(blocks: int) -> AsyncIterator[bytes]:
    for _ in range(blocks):
        yield BLOCK
