"""Small loops and questions beside the main ones: readiness, tree heads, gauges."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import structlog

from stenolog.clock import microseconds, now_ms
from stenolog.commands.api_keys import ApiKeys
from stenolog.compliance.tree_heads import Tree, record_heads
from stenolog.edge.ports import Readiness
from stenolog.errors import StoreError
from stenolog.log.store import EventStore
from stenolog.projections.run.projector import Projector
from stenolog.projections.views import ViewReader
from stenolog.telemetry import Metrics

GAUGES_EVERY_MS = 2_000
GAUGES_SHARE = 50  # of all time; counting looks at an index entry of every transcription
HEADS_RETRY_MS = 10_000
READY_STREAM = "readiness-probe"

log = structlog.get_logger()


async def ready(events: EventStore, keys: ApiKeys) -> Readiness:
    """Ready means: the log can commit, and keys can be read."""
    checks = {"log": "commits", "keys": "readable"}
    holds = True
    try:
        await events.append(READY_STREAM, [])
    except StoreError as exc:
        holds, checks["log"] = False, str(exc)
    try:
        await keys.api_keys(None, after="", limit=1)
    except StoreError as exc:
        holds, checks["keys"] = False, str(exc)
    return Readiness(ready=holds, checks=checks)


async def keep_heads(events: Tree, file: Path) -> None:
    """Write tree heads until cancelled; a disk that is full for a while ends nothing else."""
    while True:
        try:
            await record_heads(events, file)
        except StoreError as exc:
            log.error("tree_head.not_written", error=str(exc))
            await asyncio.sleep(HEADS_RETRY_MS / 1000)


async def observe(metrics: Metrics, projector: Projector, views: ViewReader) -> None:
    """Set the gauges every two seconds, or as seldom as costs a fiftieth, until cancelled."""
    while True:
        began = time.perf_counter()
        try:
            lag = await projector.lag()
            metrics.lag(lag.events, lag.age_ms)
            oldest = await views.oldest_open_at()
            waited = now_ms() - microseconds(oldest) // 1000 if oldest else 0
            metrics.transcriptions(dict(await views.counts_by_status()), max(0, waited))
        except StoreError as exc:
            log.warning("gauges.not_read", error=str(exc))
        took = time.perf_counter() - began
        await asyncio.sleep(max(GAUGES_EVERY_MS / 1000, GAUGES_SHARE * took))
