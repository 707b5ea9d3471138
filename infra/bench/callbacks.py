"""Durable callbacks over 32 connections, against a bare handler on the same server.

Every callback is good and unseen. Its transcription is finished, so that what follows it (the
reconciler looks, the views follow) happens in the gateway too, but no provider is asked: the work
of a fetch is in the figures of `completions`. The first pass finds a gateway that has just been
started and knows no transcription; in the later ones it knows them, as it does those that it has
submitted itself.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.bench.baseline import BATCH_MAX
from infra.bench.children import child
from infra.bench.figures import Figure, at_least, at_most, percentile
from infra.bench.gateway import gateway
from infra.bench.load import Load, Post, Timing, run_load
from infra.bench.machine import fsync_ms_p50
from infra.bench.seeding import Seeded, seed
from stenolog.commands.callback_tokens import HEADER_NAME
from stenolog.wire.assemblyai.webhook import callback_body

CONNECTIONS = 32  # DECISIONS 43: the load that the goal is set for
TRANSCRIPTIONS = 3_000
WARM_STATUSES = ("completed", "queued")  # kinds `completed` and `unreadable`
COLD_STATUS = "error"
RATIO_MIN = 0.6
P99_MS_MAX, P99_FSYNCS = 10.0, 5
assert BATCH_MAX >= CONNECTIONS


async def measure(place: Path) -> Sequence[Figure]:
    """Requests a second of both, their ratio, and the gateway's percentiles."""
    directory = place / "data"
    seeded = await seed(directory, TRANSCRIPTIONS)
    errors = place / "children.log"
    bare: list[Timing] = []
    warm: list[Timing] = []
    async with (
        gateway(directory) as ours,
        child("infra.bench.baseline", str(place / "bare.db"), errors=errors) as baseline,
    ):
        await ours.followed()
        cold = await run_load(_load(ours.url, seeded, COLD_STATUS), errors=errors)
        for status in WARM_STATUSES:
            load = _load(baseline.first_line, seeded, status)
            bare.append(await run_load(load, errors=errors))
            await ours.followed()
            warm.append(await run_load(_load(ours.url, seeded, status), errors=errors))
            await ours.followed()
            bare.append(await run_load(load, errors=errors))  # before and after: noise is shared
    return _figures(cold, warm, bare, fsync_ms_p50(place))


def posts(seeded: Sequence[Seeded], status: str) -> list[Post]:
    """One callback for each, as the provider would send it."""
    return [
        Post(
            path=f"/callbacks/assemblyai/{one.registration.token}",
            header=one.registration.header,
            body=callback_body(one.provider_job, status).decode(),
        )
        for one in seeded
    ]


def _load(url: str, seeded: Sequence[Seeded], status: str) -> Load:
    return Load(
        url=url,
        posts=posts(seeded, status),
        header_name=HEADER_NAME,
        connections=CONNECTIONS,
    )


def _figures(
    cold: Timing, warm: Sequence[Timing], bare: Sequence[Timing], fsync_ms: float
) -> Sequence[Figure]:
    bare_rate = statistics.median(one.per_second for one in bare)
    warm_rate = statistics.median(one.per_second for one in warm)
    took_ms = [took for one in warm for took in one.took_ms]
    detail: Mapping[str, object] = {
        "gateway_per_second": [round(one.per_second) for one in warm],
        "bare_per_second": [round(one.per_second) for one in bare],
        "fsync_ms_p50": fsync_ms,
        "gateway_ms": {f"p{share}": percentile(took_ms, share / 100) for share in (50, 90, 99)},
        "bare_ms_p99": [one.p(0.99) for one in bare],
    }
    return [
        Figure(
            name="durable callback / bare handler",
            value=warm_rate / bare_rate,
            wanted=at_least(RATIO_MIN),
            detail=detail,
        ),
        Figure(name="  the same, just started", value=cold.per_second / bare_rate),
        Figure(name="  gateway, requests a second", value=warm_rate),
        Figure(name="  bare handler, requests a second", value=bare_rate),
        Figure(
            name="durable callback, p99",
            value=percentile(took_ms, 0.99),
            unit="ms",
            wanted=at_most(P99_MS_MAX + P99_FSYNCS * fsync_ms),
            detail=detail,
        ),
    ]
