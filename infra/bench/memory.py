"""Resident memory of the gateway's process: idle, and with 100,000 events in its log.

The events are in `log.db` before the gateway starts; then its views follow them from the first to
the last. The gateway has no engine here: it is a process of its own, with a memory of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infra.bench.figures import Figure, at_most
from infra.bench.gateway import gateway
from infra.bench.seeding import EVENTS_EACH, seed

EVENTS = 100_000
MEGABYTE = 1_000_000
MEGABYTES_MAX = 200  # our goal at a million events; it is flat in the length of the log


async def measure(place: Path) -> Sequence[Figure]:
    """Both, and their difference."""
    async with gateway(place / "empty") as idle:
        await idle.followed()
        idle_mb = idle.child.rss_bytes() / MEGABYTE
    directory = place / "seeded"
    await seed(directory, EVENTS // EVENTS_EACH)
    async with gateway(directory) as full:
        await full.followed()
        full_mb = full.child.rss_bytes() / MEGABYTE
    return [
        Figure(name="gateway memory, idle", value=idle_mb, unit="MB"),
        Figure(
            name="gateway memory after 100,000 events",
            value=full_mb,
            unit="MB",
            wanted=at_most(MEGABYTES_MAX),
            detail={"events": EVENTS, "seeded": "log.db was seeded, then the gateway started"},
        ),
    ]
