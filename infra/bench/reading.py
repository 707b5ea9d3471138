"""GET of a finished one-hour transcript, against a static file of the same bytes."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from infra.bench.children import child
from infra.bench.customer import customer, ended
from infra.bench.figures import Figure, at_least
from infra.bench.gateway import gateway
from infra.bench.load import Load, Post, Timing, run_load
from infra.bench.transcripts import EVERY_FEATURE

SECONDS_OF_AUDIO = 3_600
RUN_MS = 100
GETS = 150
CONNECTIONS = 8
ROUNDS = 5
RATIO_MIN = 0.5


async def measure(place: Path) -> Sequence[Figure]:
    """Answers a second of both, in turns, and their ratio.

    Raises:
        RuntimeError: The transcription did not complete.
    """
    errors, file = place / "children.log", place / "static" / "transcript.json"
    ours_rate: list[float] = []
    static_rate: list[float] = []
    async with (
        child("infra.bench.provider", str(RUN_MS), str(SECONDS_OF_AUDIO), "1", errors=errors) as p,
        gateway(place / "data", provider_url=p.first_line) as ours,
        customer(ours) as http,
    ):
        made = await http.post("/v2/transcript", json=dict(EVERY_FEATURE))
        path = f"/v2/transcript/{made.raise_for_status().json()['id']}"
        await ended(http, made.json()["id"])
        body = (await http.get(path)).content
        await asyncio.to_thread(_write, file, body)
        async with child("infra.bench.static", str(file), errors=errors) as static:
            for _ in range(ROUNDS):
                static_rate.append((await _run(static.first_line, "none", errors)).per_second)
                ours_rate.append((await _run(ours.url + path, ours.api_key, errors)).per_second)
    return [
        Figure(
            name="GET of a one-hour transcript / static file",
            value=statistics.median(ours_rate) / statistics.median(static_rate),
            wanted=at_least(RATIO_MIN),
            detail={"body_bytes": len(body), "ours": ours_rate, "static": static_rate},
        ),
        Figure(name="  transcripts, answers a second", value=statistics.median(ours_rate)),
        Figure(name="  static files, answers a second", value=statistics.median(static_rate)),
    ]


def _write(file: Path, body: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(body)


async def _run(url: str, key: str, errors: Path) -> Timing:
    parts = urlsplit(url)
    load = Load(
        url=f"{parts.scheme}://{parts.netloc}",
        posts=[Post(path=parts.path, header=key, body="")] * GETS,
        header_name="authorization",
        connections=CONNECTIONS,
        method="GET",
    )
    return await run_load(load, errors=errors, wanted_status=200)
