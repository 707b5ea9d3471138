"""From the end of a job at the provider to its views, at ten a second, with callbacks meanwhile.

Transcriptions are asked for over HTTP, submitted to a simulated provider, called back, fetched and
projected: the whole way. A row counts as readable when another connection to `views.db` sees it;
all projections commit together, so this is also when HTTP answers with it. Callbacks of finished
transcriptions arrive at a steady rate, first alone, then together with the completions.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from infra.bench.callbacks import posts
from infra.bench.children import child
from infra.bench.figures import Figure, at_most, percentile
from infra.bench.gateway import RunningGateway, gateway
from infra.bench.load import Load, Post, Timing, run_load
from infra.bench.seeding import seed
from infra.bench.transcripts import EVERY_FEATURE
from stenolog.commands.callback_tokens import HEADER_NAME
from stenolog.stores.files.directory import VIEWS

COMPLETIONS_A_SECOND = 10  # the load that our goal of 150 ms is set for
SECONDS = 20
RUN_MS = 1_500
CALLBACKS_A_SECOND = 100
CONNECTIONS = 32
SEEDED = CALLBACKS_A_SECOND * SECONDS
LOOK_SECONDS = 0.003
SEEN_SECONDS_MAX = 30  # after the last request
P99_MS_MAX = 150.0
CALLBACKS_RATIO_MAX = 2.0
REQUEST_SECONDS_MAX = 30


async def measure(place: Path) -> Sequence[Figure]:
    """The percentiles of both, and what completions do to callbacks.

    Raises:
        RuntimeError: A transcription did not complete.
    """
    directory, errors = place / "data", place / "children.log"
    seeded = await seed(directory, SEEDED)
    async with (
        child("infra.bench.provider", str(RUN_MS), errors=errors) as provider,
        gateway(directory, provider_url=provider.first_line) as ours,
    ):
        await ours.followed()
        alone = await run_load(_load(ours, posts(seeded, "error")), errors=errors)
        await ours.followed()
        watch = Watch(directory / VIEWS)
        with contextlib.closing(watch):
            looking = asyncio.create_task(watch.run())
            together, _ = await asyncio.gather(
                run_load(_load(ours, posts(seeded, "completed")), errors=errors),
                _request(ours, watch),
            )
            await looking
        ended_ms: Mapping[str, int] = json.loads(await provider.last_line())
    took_ms = [seen_ms - ended_ms[job] for job, seen_ms in watch.seen_ms.items()]
    return _figures(took_ms, alone, together)


@dataclass(slots=True)
class Watch:
    """Notes the millisecond in which each awaited transcription was first readable."""

    views: Path
    awaited: set[str] = field(default_factory=set)
    seen_ms: dict[str, float] = field(default_factory=dict)
    _connection: sqlite3.Connection = field(init=False)
    _generation: int = field(init=False)

    def __post_init__(self) -> None:
        uri = f"{self.views.absolute().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        self._generation = self._connection.execute(
            "SELECT generation FROM generations WHERE projection = 'transcriptions' "
            "AND state = 'live'"
        ).fetchone()[0]

    def close(self) -> None:
        """The file is closed."""
        self._connection.close()

    async def run(self) -> None:
        """Return when all of them have been seen.

        Raises:
            RuntimeError: One ended with an error, or was not seen in time.
        """
        deadline = time.monotonic() + SECONDS + SEEN_SECONDS_MAX
        while len(self.seen_ms) < COMPLETIONS_A_SECOND * SECONDS:
            self._look()
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(self.awaited)} transcriptions did not complete")
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        rows = self._connection.execute(
            "SELECT transcriptions.id, provider_job, status FROM transcriptions "
            "WHERE generation = ? AND transcriptions.id IN (SELECT value FROM json_each(?)) "
            "AND status IN ('completed', 'error')",
            (self._generation, json.dumps(list(self.awaited))),
        ).fetchall()
        now_ms = time.time() * 1000
        for transcription_id, job, status in rows:
            if status == "error":
                raise RuntimeError("a transcription ended with an error")
            self.awaited.discard(transcription_id)
            self.seen_ms[job] = now_ms


async def _request(ours: RunningGateway, watch: Watch) -> None:
    """Ask for ten transcriptions a second."""
    loop = asyncio.get_running_loop()
    async with (
        httpx.AsyncClient(
            base_url=ours.url,
            headers={"authorization": ours.api_key},
            timeout=REQUEST_SECONDS_MAX,
            trust_env=False,
        ) as http,
        asyncio.TaskGroup() as group,
    ):
        began = loop.time()
        for number in range(COMPLETIONS_A_SECOND * SECONDS):
            due = began + number / COMPLETIONS_A_SECOND
            await asyncio.sleep(max(0.0, due - loop.time()))
            group.create_task(_ask(http, watch))


async def _ask(http: httpx.AsyncClient, watch: Watch) -> None:
    answer = await http.post("/v2/transcript", json=dict(EVERY_FEATURE))
    watch.awaited.add(answer.raise_for_status().json()["id"])


def _load(ours: RunningGateway, chosen: Sequence[Post]) -> Load:
    return Load(
        url=ours.url,
        posts=chosen,
        header_name=HEADER_NAME,
        connections=CONNECTIONS,
        rate=CALLBACKS_A_SECOND,
    )


def _figures(took_ms: Sequence[float], alone: Timing, together: Timing) -> Sequence[Figure]:
    shares = (50, 90, 99)
    return [
        Figure(
            name="completion to readable views, p99",
            value=percentile(took_ms, 0.99),
            unit="ms",
            wanted=at_most(P99_MS_MAX),
            detail={
                "completions": len(took_ms),
                "ms": {f"p{share}": percentile(took_ms, share / 100) for share in shares},
            },
        ),
        Figure(name="  median", value=percentile(took_ms, 0.5), unit="ms"),
        Figure(
            name="callbacks' p99 meanwhile / alone, 100/s",
            value=together.p(0.99) / alone.p(0.99),
            wanted=at_most(CALLBACKS_RATIO_MAX),
            detail={
                "alone_ms": {f"p{share}": alone.p(share / 100) for share in shares},
                "together_ms": {f"p{share}": together.p(share / 100) for share in shares},
            },
        ),
        Figure(name="  callbacks' p99 alone", value=alone.p(0.99), unit="ms"),
        Figure(name="  callbacks' p99 meanwhile", value=together.p(0.99), unit="ms"),
    ]
