"""Keep gauges up to date, each part in its own time: what hangs makes only its own numbers old."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from stenolog.errors import StenologError
from stenolog.heartbeat import Heartbeat
from stenolog.telemetry import Metrics

GAUGES_EVERY_MS = 2_000
GAUGES_MS_MAX = 60_000
GAUGES_SHARE = 50  # of all time; counting looks at an index entry of every transcription

log = structlog.get_logger()


async def keep_measured(
    metrics: Metrics, parts: Mapping[str, Callable[[], Awaitable[None]]]
) -> None:
    """Measure each part every two seconds, or as seldom as costs a fiftieth, until cancelled.

    What fails is logged and tried again; `stenolog_measured_seconds` says how old numbers are.
    """
    async with asyncio.TaskGroup() as group:
        for part, measure in parts.items():
            group.create_task(_keep(part, measure, metrics))


async def _keep(part: str, measure: Callable[[], Awaitable[None]], metrics: Metrics) -> None:
    heartbeat = Heartbeat()
    metrics.machine.show_measured(part, lambda: heartbeat.age_ms)
    while True:
        began = time.perf_counter()
        try:
            await measure()
            heartbeat.beat()
        except (StenologError, OSError) as exc:
            log.warning(
                "gauges.not_read",
                part=part,
                error=str(exc) or type(exc).__name__,
                retry_in_ms=GAUGES_EVERY_MS,
            )
        except Exception:
            # A number that cannot be measured must end nothing; how old it gets is shown.
            log.exception("gauges.crashed", part=part)
        took_ms = (time.perf_counter() - began) * 1000
        wait_ms = min(max(GAUGES_EVERY_MS, GAUGES_SHARE * took_ms), GAUGES_MS_MAX)
        await asyncio.sleep(wait_ms / 1000)
