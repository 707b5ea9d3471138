"""Write log lines and metrics, for people and dashboards; the service never reads them."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from stenolog.delivery_metrics import DeliveryMetrics

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
HTTP_GAUGES = {
    "connections": "Connections that are open",
    "connections_max": "Connections that may be open",
    "refused": "Connections that were answered 503 since the start, because there were too many",
    "accept_errors": "Times since the start that no connection could be taken from the system",
    "ahead_bytes": "Bytes that were read ahead of answers",
    "answers_bytes": "Bytes of answers that the other sides have not taken",
    "uploads_bytes": "Bytes of uploads that are in memory",
}
FIRST_KEYS = ("timestamp", "level", "event")  # of a line in JSON; people look for them
STATUSES = ("queued", "processing", "completed", "error")


def configure_logging(level: str = "info", log_format: str | None = None) -> None:
    """Log one line per unit of work on standard error, from `level` up.

    `log_format` is `json` or `console`; None takes `console` on a terminal, else `json`. What
    libraries say by `logging` or `warnings` goes there in the same form, warnings and up.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor
    if (log_format or ("console" if terminal else "json")) == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=terminal)
    else:
        renderer = structlog.processors.JSONRenderer(serializer=_json)
    ours: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*ours, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    theirs: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        renderer,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=theirs,
            foreign_pre_chain=[*ours, structlog.stdlib.add_logger_name, _library_line],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(least, logging.WARNING), force=True)
    logging.captureWarnings(True)


def _library_line(
    logger: object, method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Strip line breaks from a library's line, and drop lines that report no fault."""
    line["event"] = str(line["event"]).strip()
    exc_info = line.get("exc_info")
    # Uvicorn reports the requests that it cancels itself, when it stops, as crashes.
    if isinstance(exc_info, tuple) and isinstance(exc_info[1], asyncio.CancelledError):
        del line["exc_info"]
        line.update(event="request cancelled", level="warning")
    return line


def _json(line: Mapping[str, Any], default: Callable[[Any], Any]) -> str:
    first = {name: line[name] for name in FIRST_KEYS if name in line}
    return orjson.dumps({**first, **line}, default=default).decode()


class Metrics(DeliveryMetrics):
    """Counts everything in a registry of its own; no label names a tenant or an id."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        super().__init__(registry)
        self._callbacks = Counter(
            "stenolog_callbacks", "Callbacks by outcome", ["outcome"], registry=registry
        )
        self._refused = Counter(
            "stenolog_callbacks_refused", "Refused callbacks", ["reason"], registry=registry
        )
        self._requests = Counter(
            "stenolog_requests", "Answers over HTTP", ["route", "status"], registry=registry
        )
        self._appends = Counter("stenolog_appends", "Appends to the log", registry=registry)
        self._events = Counter("stenolog_events", "Events in the log", registry=registry)
        self._batch = Histogram(
            "stenolog_commit_batch_size",
            "Appends that shared a commit",
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        self._commit = Histogram(
            "stenolog_commit_seconds",
            "From BEGIN to the end of COMMIT",
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self._lag_events = Gauge(
            "stenolog_projection_lag_events", "Events not yet projected", registry=registry
        )
        self._lag_seconds = Gauge(
            "stenolog_projection_lag_seconds", "Age of the oldest of them", registry=registry
        )
        self._interrupted = Gauge(
            "stenolog_projection_interrupted",
            "Transcriptions whose projection was interrupted and is tried again",
            registry=registry,
        )
        self._open = Gauge(
            "stenolog_transcriptions", "Transcriptions by status", ["status"], registry=registry
        )
        self._oldest = Gauge(
            "stenolog_oldest_open_seconds",
            "Age of the oldest open transcription",
            registry=registry,
        )
        self._adoptions = Counter(
            "stenolog_adoptions", "Jobs found that were paid for unknown to us", registry=registry
        )
        self._reconciliations = Counter(
            "stenolog_reconciliations",
            "Transcriptions that ended, by why we looked",
            ["reason"],
            registry=registry,
        )

        self._beats = Gauge(
            "stenolog_beat_age_seconds",
            "Since a loop last looked for work and did what it found",
            ["loop"],
            registry=registry,
        )

        self._http = HttpGauges(registry)

    def callback(self, outcome: str) -> None:
        """Count a callback with a good token and header."""
        self._callbacks.labels(outcome).inc()

    def callback_refused(self, reason: str) -> None:
        """Count a refused callback."""
        self._refused.labels(reason).inc()

    def request(self, route: str, status: int) -> None:
        """Count a request; `route` is a template, never a path."""
        self._requests.labels(route, str(status)).inc()

    def committed(self, appends: int, events: int, seconds: float) -> None:
        """Count a committed batch of the log; called on its writing thread."""
        self._appends.inc(appends)
        self._events.inc(events)
        self._batch.observe(appends)
        self._commit.observe(seconds)

    def adopted(self) -> None:
        """Count a job that was paid for without our knowing, and was found."""
        self._adoptions.inc()

    def reconciled(self, reason: str) -> None:
        """Count a transcription that ended, by the reason why we looked."""
        self._reconciliations.labels(reason).inc()

    def lag(self, events: int, age_ms: int, interrupted: int) -> None:
        """Set how far the projections are behind."""
        self._lag_events.set(events)
        self._lag_seconds.set(age_ms / 1000)
        self._interrupted.set(interrupted)

    def transcriptions(self, counts: dict[str, int], oldest_open_ms: int) -> None:
        """Set how many there are by status, and how long the oldest open one has waited."""
        for status in STATUSES:
            self._open.labels(status).set(counts.get(status, 0))
        self._oldest.set(oldest_open_ms / 1000)

    def beat(self, loop: str, age_ms: int) -> None:
        """Set how long ago this loop last did its round."""
        self._beats.labels(loop).set(age_ms / 1000)

    def http(self, figures: Mapping[str, Any], descriptors: int, descriptors_max: int) -> None:
        """Show what the server's connections do, and how many descriptors are open."""
        self._http.show(figures, descriptors, descriptors_max)

    def exposition(self) -> tuple[bytes, str]:
        """Return the metrics in Prometheus' text format, and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class HttpGauges:
    """Shows what the server's connections do; their numbers are kept where they are made."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._numbers = {
            name: Gauge(f"stenolog_http_{name}", text, registry=registry)
            for name, text in HTTP_GAUGES.items()
        }
        self._closed = Gauge(
            "stenolog_http_closed",
            "Connections that were closed before their time since the start, by reason",
            ["reason"],
            registry=registry,
        )
        self._descriptors = Gauge(
            "stenolog_descriptors", "Files and sockets that are open", registry=registry
        )
        self._descriptors_max = Gauge(
            "stenolog_descriptors_max", "Files and sockets that may be open", registry=registry
        )

    def show(self, figures: Mapping[str, Any], descriptors: int, descriptors_max: int) -> None:
        """Set all; `figures` has a number for each name, and `closed` by reason."""
        for name, gauge in self._numbers.items():
            gauge.set(figures[name])
        for reason, times in figures["closed"].items():
            self._closed.labels(reason).set(times)
        self._descriptors.set(descriptors)
        self._descriptors_max.set(descriptors_max)
