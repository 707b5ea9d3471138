"""Set the gauges of the views and of the connections while the gateway runs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict

import structlog

from stenolog.bootstrap.http.descriptors import descriptors
from stenolog.bootstrap.http.figures import Figures
from stenolog.clock import microseconds, now_ms
from stenolog.errors import StoreError
from stenolog.projections.run.projector import Projector
from stenolog.projections.views import ViewReader
from stenolog.stores.files.upload_memory import UploadMemory
from stenolog.telemetry import Metrics

GAUGES_EVERY_MS = 2_000
GAUGES_SHARE = 50  # of all time; counting looks at an index entry of every transcription

log = structlog.get_logger()


async def observe(
    metrics: Metrics,
    projector: Projector,
    views: ViewReader,
    figures: Figures,
    uploads: UploadMemory,
) -> None:
    """Set the gauges every two seconds, or as seldom as costs a fiftieth, until cancelled."""
    while True:
        began = time.perf_counter()
        figures.uploads_bytes = uploads.held_bytes
        metrics.http(asdict(figures), *descriptors())
        try:
            lag = await projector.lag()
            metrics.log_head(lag.head)
            metrics.lag(lag.events, lag.age_ms, projector.interrupted)
            oldest = await views.oldest_open_at()
            waited = now_ms() - microseconds(oldest) // 1000 if oldest else 0
            metrics.transcriptions(dict(await views.counts_by_status()), max(0, waited))
        except StoreError as exc:
            log.warning("gauges.not_read", error=str(exc), retry_in_ms=GAUGES_EVERY_MS)
        took = time.perf_counter() - began
        await asyncio.sleep(max(GAUGES_EVERY_MS / 1000, GAUGES_SHARE * took))
