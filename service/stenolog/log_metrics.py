"""Count what is appended to the log, and measure its end and who is behind it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class LogMetrics:
    """The metrics of the log and of the projections, in a registry of its maker's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._appends = Counter(
            "stenolog_appends",
            "Appends that a commit has answered since the start: taken, refused, or the empty ones "
            "of /readyz",
            registry=registry,
        )
        self._events = Counter(
            "stenolog_events", "Events that were appended since the start", registry=registry
        )
        self._head = Gauge(
            "stenolog_log_head",
            "Position of the log's last event: how many events it has",
            registry=registry,
        )
        self._batch = Histogram(
            "stenolog_commit_batch_size",
            "Appends that shared a commit of the log, refused and empty ones too",
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        self._commit = Histogram(
            "stenolog_commit_seconds",
            "Seconds from BEGIN to the end of COMMIT, of each commit of the log",
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self._lag_events = Gauge(
            "stenolog_projection_lag_events",
            "Events of the log that the views have not followed yet; older ones that are filled in "
            "after a loss are not among them",
            registry=registry,
        )
        self._lag_seconds = Gauge(
            "stenolog_projection_lag_seconds",
            "Age of the oldest event that the views have not followed yet; 0 without any",
            registry=registry,
        )
        self._search_lag_events = Gauge(
            "stenolog_search_lag_events",
            "Events of the log that the search index has not followed yet",
            registry=registry,
        )
        self._search_lag_seconds = Gauge(
            "stenolog_search_lag_seconds",
            "Age of the oldest event that the search index has not followed yet; 0 without any",
            registry=registry,
        )
        self._interrupted = Gauge(
            "stenolog_projection_interrupted",
            "Transcriptions whose projection was interrupted and is tried again",
            registry=registry,
        )

        self._keys_lost = Gauge(
            "stenolog_keys_lost",
            "Transcriptions and uploads whose key is missing though nobody erased them",
            registry=registry,
        )

    def committed(self, appends: int, events: int, seconds: float) -> None:
        """Count a committed batch of the log; called on its writing thread."""
        self._appends.inc(appends)
        self._events.inc(events)
        self._batch.observe(appends)
        self._commit.observe(seconds)

    def lag(self, events: int, age_ms: int, interrupted: int) -> None:
        """Set how far the projections are behind."""
        self._lag_events.set(events)
        self._lag_seconds.set(age_ms / 1000)
        self._interrupted.set(interrupted)

    def search_lag(self, events: int, age_ms: int) -> None:
        """Set how far the search index is behind."""
        self._search_lag_events.set(events)
        self._search_lag_seconds.set(age_ms / 1000)

    def log_head(self, position: int) -> None:
        """Set where the log ends."""
        self._head.set(position)

    def keys_lost(self, streams: int) -> None:
        """Set how many streams have lost their key."""
        self._keys_lost.set(streams)
