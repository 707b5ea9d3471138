"""Write log lines and metrics, for people and dashboards; the service never reads them."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from math import isnan
from typing import Any

import orjson
import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)

from stenolog.delivery_metrics import DeliveryMetrics
from stenolog.http_metrics import HttpGauges
from stenolog.log_metrics import LogMetrics
from stenolog.lossy_output import tell_lost_with
from stenolog.machine_metrics import MachineMetrics
from stenolog.reconciler_counts import ReconcilerCounts
from stenolog.reconciler_metrics import ReconcilerMetrics

FIRST_KEYS = ("timestamp", "level", "event")  # of a line in JSON; people look for them
FIGURES = ("gauge", "counter")
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
        renderer = _Columns(colors=terminal)
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

    def lost(lines: int) -> str:
        line: Any = {
            "event": "telemetry.lines_lost",
            "lines": lines,
            "advice": "see to the disk or the reader that standard error goes to",
        }
        for process in (*ours, renderer):
            line = process(None, "warning", line)
        return str(line)

    tell_lost_with(lost)


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


class _Columns:
    """Renders a line for people; nothing in it obeys the terminal, or looks like another line."""

    def __init__(self, *, colors: bool) -> None:
        self._inner = structlog.dev.ConsoleRenderer(colors=colors)

    def __call__(self, logger: Any, name: str, event: structlog.typing.EventDict) -> str:
        shown = {key: _printable(value, key) for key, value in event.items()}
        return self._inner(logger, name, shown)


def _printable(value: Any, key: str) -> Any:
    """Return a text with what cannot be printed written out; anything else is shown by `repr`."""
    if not isinstance(value, str) or value.isprintable():
        return value
    kept = "\n\t" if key == "exception" else ""
    return "".join(one if one.isprintable() or one in kept else repr(one)[1:-1] for one in value)


class Metrics(DeliveryMetrics, LogMetrics, ReconcilerCounts):
    """Counts everything in a registry of its own; no label names a tenant or an id."""

    def __init__(self) -> None:
        # The library's extra series of each counter, a time under the counter's own HELP text.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client has none
        self._registry = registry = CollectorRegistry()
        DeliveryMetrics.__init__(self, registry)
        LogMetrics.__init__(self, registry)
        ReconcilerCounts.__init__(self, registry)
        self.machine = MachineMetrics(registry)
        self.reconciler = ReconcilerMetrics(registry)
        self._callbacks = Counter(
            "stenolog_callbacks",
            "Callbacks with a good token and header since the start, by outcome",
            ["outcome"],
            registry=registry,
        )
        self._refused = Counter(
            "stenolog_callbacks_refused",
            "Callbacks that were refused since the start, by what was wrong with them",
            ["reason"],
            registry=registry,
        )
        self._requests = Counter(
            "stenolog_requests",
            "Requests that ended since the start, by route and status; 499: the client had left",
            ["route", "status"],
            registry=registry,
        )
        self._open = Gauge(
            "stenolog_transcriptions",
            "Transcriptions in the views by status, erased ones too",
            ["status"],
            registry=registry,
        )
        self._oldest = Gauge(
            "stenolog_oldest_open_seconds",
            "Age of the oldest transcription that is queued or processing; 0 without any",
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

    def transcriptions(self, counts: dict[str, int], oldest_open_ms: int) -> None:
        """Set how many there are by status, and how long the oldest open one has waited."""
        for status in STATUSES:
            self._open.labels(status).set(counts.get(status, 0))
        self._oldest.set(oldest_open_ms / 1000)

    def http(self, figures: Mapping[str, Any], descriptors: int, descriptors_max: int) -> None:
        """Show what the server's connections do, and how many descriptors are open."""
        self._http.show(figures, descriptors, descriptors_max)

    def exposition(self) -> tuple[bytes, str]:
        """Return the metrics in Prometheus' text format, and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def figures(self) -> Mapping[str, float]:
        """Return every known gauge and counter, by name and labels as in the text format."""
        return {
            _written(sample.name, sample.labels): sample.value
            for metric in self._registry.collect()
            if metric.type in FIGURES
            for sample in metric.samples
            if not isnan(sample.value)
        }


def _written(name: str, labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{pairs}}}" if pairs else name
