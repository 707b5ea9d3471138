"""What 200 customers that poll do to callbacks.

Each poller has a connection of its own and asks for its unfinished transcript every three seconds,
as the official SDKs do. Callbacks of other, finished transcriptions arrive at a steady rate, first
alone, then while the customers poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from infra.bench.callbacks import posts
from infra.bench.children import child
from infra.bench.customer import customer
from infra.bench.figures import Figure, at_most
from infra.bench.gateway import RunningGateway, gateway
from infra.bench.load import Load, Post, run_load
from infra.bench.seeding import seed
from infra.bench.transcripts import NO_FEATURE
from stenolog.commands.callback_tokens import HEADER_NAME

POLLERS = 200  # issue 4
EVERY_SECONDS = 3  # both official SDKs
SECONDS = 15
NEVER_MS = 3_600_000
CALLBACKS_A_SECOND = 100
CONNECTIONS = 32
RATIO_MAX = 2.0


async def measure(place: Path) -> Sequence[Figure]:
    """The callbacks' percentiles alone and meanwhile, and the pollers' own."""
    directory, errors = place / "data", place / "children.log"
    seeded = await seed(directory, CALLBACKS_A_SECOND * SECONDS)
    async with (
        child("infra.bench.provider", str(NEVER_MS), "30", "1", errors=errors) as provider,
        gateway(directory, provider_url=provider.first_line) as ours,
    ):
        await ours.followed()
        polls = await _polls(ours)
        await ours.followed()
        alone = await run_load(_callbacks(ours, posts(seeded, "error")), errors=errors)
        await ours.followed()
        together, polled = await asyncio.gather(
            run_load(_callbacks(ours, posts(seeded, "completed")), errors=errors),
            run_load(polls, errors=errors, wanted_status=200),
        )
    shares = (50, 90, 99)
    return [
        Figure(
            name="callbacks' p99 with 200 pollers / alone",
            value=together.p(0.99) / alone.p(0.99),
            wanted=at_most(RATIO_MAX),
            detail={
                "alone_ms": {f"p{share}": alone.p(share / 100) for share in shares},
                "together_ms": {f"p{share}": together.p(share / 100) for share in shares},
            },
        ),
        Figure(name="  callbacks' p99 with pollers", value=together.p(0.99), unit="ms"),
        Figure(name="  the pollers' own p99", value=polled.p(0.99), unit="ms"),
    ]


async def _polls(ours: RunningGateway) -> Load:
    """Every poller's requests, evenly spread, of transcripts that were asked for just now."""
    async with customer(ours) as http:
        paths = []
        for _ in range(POLLERS):
            made = await http.post("/v2/transcript", json=dict(NO_FEATURE))
            paths.append(f"/v2/transcript/{made.raise_for_status().json()['id']}")
    each = [Post(path=path, header=ours.api_key, body="") for path in paths]
    return Load(
        url=ours.url,
        posts=each * (SECONDS // EVERY_SECONDS),
        header_name="authorization",
        connections=POLLERS,
        rate=POLLERS / EVERY_SECONDS,
        method="GET",
    )


def _callbacks(ours: RunningGateway, chosen: Sequence[Post]) -> Load:
    return Load(
        url=ours.url,
        posts=chosen,
        header_name=HEADER_NAME,
        connections=CONNECTIONS,
        rate=CALLBACKS_A_SECOND,
    )
