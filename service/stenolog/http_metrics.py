"""Show what the server's connections do, and how many descriptors are open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

HTTP_GAUGES = {
    "connections": "Connections that are open",
    "connections_max": "Connections that may be open",
    "ahead_bytes": "Bytes of heads that are not whole, and of what was read ahead of answers",
    "answers_bytes": "Bytes of answers that the other sides have not taken",
    "uploads_bytes": "Bytes of uploads that are in memory",
    "bodies_bytes": "Bytes of JSON bodies over 16 KiB that are coming in",
}
HTTP_COUNTERS = {
    "refused": "Connections and requests that were answered 503 since the start, because there "
    "were too many connections",
    "accept_errors": "Times since the start that no connection could be taken from the system",
}


class HttpGauges:
    """Shows what the server's connections do; their numbers are kept where they are made."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._numbers = {
            name: Gauge(f"stenolog_http_{name}", text, registry=registry)
            for name, text in HTTP_GAUGES.items()
        }
        self._counters = {
            name: Counter(f"stenolog_http_{name}", text, registry=registry)
            for name, text in HTTP_COUNTERS.items()
        }
        self._closed = Counter(
            "stenolog_http_closed",
            "Connections that were closed before their time since the start, by reason",
            ["reason"],
            registry=registry,
        )
        self._descriptors = Gauge(
            "stenolog_descriptors",
            "Files and sockets that this process has open",
            registry=registry,
        )
        self._descriptors_max = Gauge(
            "stenolog_descriptors_max",
            "Files and sockets that this process may have open",
            registry=registry,
        )
        self._shown: dict[str, int] = {}  # of each counter, which can only be added to

    def show(self, figures: Mapping[str, Any], descriptors: int, descriptors_max: int) -> None:
        """Set all; `figures` has a number for each name, and `closed` by reason."""
        for name, gauge in self._numbers.items():
            gauge.set(figures[name])
        for name, counter in self._counters.items():
            counter.inc(self._since_shown(name, figures[name]))
        for reason, times in figures["closed"].items():
            self._closed.labels(reason).inc(self._since_shown(f"closed {reason}", times))
        self._descriptors.set(descriptors)
        self._descriptors_max.set(descriptors_max)

    def _since_shown(self, what: str, times: int) -> int:
        before = self._shown.get(what, 0)
        self._shown[what] = times
        return times - before
