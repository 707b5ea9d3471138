"""Measure the parts of a gateway: views, connections, reconciler, providers, disk and engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import get_args

from stenolog.bootstrap.engine_child import EngineChild
from stenolog.bootstrap.engine_counts import engine_counts
from stenolog.bootstrap.http.descriptors import descriptors
from stenolog.bootstrap.parts import Parts
from stenolog.bootstrap.providers import LOOPBACK
from stenolog.clock import microseconds, now_ms
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.lossy_output import lost_lines
from stenolog.providers.port import RequestKind
from stenolog.reconciler.figures import ReconcilerFigures
from stenolog.reconciler_metrics import ReconcilerMetrics
from stenolog.stores.files.directory import KEYS, LOG, SEARCH, UPLOADS, VIEWS, WORK
from stenolog.telemetry import Metrics

PAUSABLE = ("all", *get_args(RequestKind))


class Gauges:
    """Reads numbers where they are kept, and sets the gauges."""

    def __init__(
        self,
        parts: Parts,
        directory: Path,
    ) -> None:
        """`directory` is the data directory."""
        self._metrics = parts.metrics
        self._stores = parts.stores
        self._projector = parts.projector
        self._indexer = parts.indexer
        self._reconciler = parts.reconciling.reconciler
        self._deliveries = parts.deliveries
        self._figures = parts.edge.answer_room.figures
        self._arrivals = parts.edge.arrivals
        self._directory = directory

    async def views(self) -> None:
        """Measure how far the views are behind, and what they have.

        Raises:
            StoreUnavailable: Log or views cannot be read.
        """
        lag = await self._projector.lag()
        self._metrics.log_head(lag.head)
        self._metrics.lag(lag.events, lag.age_ms, self._projector.interrupted)
        views = self._stores.views
        since = await views.oldest_open()
        oldest: dict[str, int] = {state: _age_ms(at) for state, at in since.items()}
        self._metrics.transcriptions(dict(await views.counts_by_status()), oldest.pop("open", 0))
        self._metrics.reconciler.oldest(oldest)

    async def search(self) -> None:
        """Measure how far the search index is behind.

        Raises:
            StoreUnavailable: The log cannot be read.
        """
        lag = await self._indexer.lag()
        self._metrics.search_lag(lag.events, lag.age_ms)

    async def keys(self) -> None:
        """Count the keys that are lost.

        Raises:
            StoreUnavailable: The keys cannot be read.
        """
        self._metrics.keys_lost(await self._stores.keys.lost_count())

    async def service(self) -> None:
        """Show what this process counts by itself; waits for nothing."""
        self._figures.uploads_bytes = self._stores.uploads.memory.held_bytes
        self._figures.bodies_bytes = self._arrivals.held_bytes
        # `asdict` makes pairs of a Counter's items, and counts those.
        shown = asdict(self._figures) | {"closed": dict(self._figures.closed)}
        self._metrics.http(shown, *descriptors())
        self._metrics.machine.lines_lost(lost_lines())
        resolver = self._deliveries.resolver
        self._metrics.machine.delivery_names(looked_up=resolver.in_flight, waiting=resolver.waiting)
        show_reconciler(self._metrics.reconciler, self._reconciler.figures(), now_ms())

    async def disk(self) -> None:
        """Measure the disk and the files in the data directory, on a thread.

        Raises:
            OSError: The disk does not tell.
        """
        usage = await asyncio.to_thread(shutil.disk_usage, self._directory)
        self._metrics.machine.disk(free=usage.free, used=usage.used)
        for name in (LOG, KEYS, VIEWS, WORK, SEARCH):
            path = self._directory / name
            size = await asyncio.to_thread(_size, path)
            wal = await asyncio.to_thread(_size, path.with_name(f"{name}-wal"))
            self._metrics.machine.file(name, size=size, wal=wal)
        self._metrics.machine.uploads(*await asyncio.to_thread(_held, self._directory / UPLOADS))


def measured_parts(
    stack: contextlib.AsyncExitStack, parts: Parts, directory: Path
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Return what measures each part of a gateway; `stack` closes what it asks with."""
    gauges = Gauges(parts, directory)
    measured = {
        "views": gauges.views,
        "search": gauges.search,
        "keys": gauges.keys,
        "service": gauges.service,
        "disk": gauges.disk,
        "outbox": parts.deliveries.measure,
    }
    if parts.engine is not None:
        egress = Egress(AddressPolicy.of(networks=[LOOPBACK]))
        stack.push_async_callback(egress.aclose)
        measured["engine"] = partial(_measure_engine, parts.metrics, parts.engine, egress)
    return measured


async def _measure_engine(metrics: Metrics, engine: EngineChild, egress: Egress) -> None:
    metrics.machine.engine(await engine_counts(egress, engine.address), wanted=engine.wanted)


def show_reconciler(metrics: ReconcilerMetrics, figures: ReconcilerFigures, at_ms: int) -> None:
    """Set the gauges of the reconciler and of each provider."""
    metrics.work(
        open_=figures.open,
        busy=figures.busy,
        due=figures.due,
        overdue_ms=figures.overdue_ms,
        turns=figures.turns_waiting,
    )
    for (place, kind), pool in figures.pools.items():
        metrics.slots(
            place,
            kind,
            running=pool.running,
            waiting=pool.waiting,
            waited_ms=pool.waited_ms,
        )
    for place, gate in figures.standing.items():
        told, answered_at_ms = gate.provider, gate.provider.answered_at_ms
        metrics.provider(
            place,
            breakers={"create": gate.creates_open, "upload": gate.uploads_open},
            paused_ms={kind: told.paused_ms.get(kind, 0) for kind in PAUSABLE},
            answered_ms=None if answered_at_ms is None else max(0, at_ms - answered_at_ms),
            settings_refused=gate.settings_refused,
            warned=told.warned,
            forgets=gate.forgets,
            silent=gate.silent,
        )
        for odd, total in gate.odd.items():
            metrics.odd_answers(place, odd, total)
        for (asked, result), total in told.requests.items():
            metrics.provider_requests(place, asked, result, total)

    for place, sweeps in figures.sweeps.items():
        metrics.swept(
            place,
            watched=sweeps.watched,
            read=sweeps.read,
            failed=sweeps.failed,
            missing=sweeps.missing,
        )


def _age_ms(since: str) -> int:
    return max(0, now_ms() - microseconds(since) // 1000)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _held(directory: Path) -> tuple[int, int]:
    files = size = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            try:
                size += entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue  # removed meanwhile
            files += 1
    return files, size
