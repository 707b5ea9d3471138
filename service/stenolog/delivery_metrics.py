"""Count deliveries to customers' webhooks, and measure what is pending and who looks after it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class DeliveryMetrics:
    """The metrics of fan-out, outbox and dispatcher, in a registry of its maker's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._deliveries = Counter(
            "stenolog_deliveries",
            "Deliveries to customers' webhooks that ended since the start, by how",
            ["outcome"],
            registry=registry,
        )
        self._delivery_attempts = Counter(
            "stenolog_delivery_attempts",
            "Attempts to call customers' webhooks since the start, by outcome",
            ["outcome"],
            registry=registry,
        )
        self._outbox = Gauge(
            "stenolog_outbox_deliveries", "Deliveries that are pending", registry=registry
        )
        self._outbox_due = Gauge(
            "stenolog_outbox_due_deliveries",
            "Pending deliveries that are due: with a free slot they would be made now",
            registry=registry,
        )
        self._outbox_oldest = Gauge(
            "stenolog_outbox_oldest_seconds",
            "Age of the oldest pending delivery that waits for no failing receiver and no audio",
            registry=registry,
        )
        self._outbox_owed = Gauge(
            "stenolog_outbox_oldest_of_all_seconds",
            "Age of the oldest pending delivery, whatever it waits for",
            registry=registry,
        )
        self._fan_out_events = Gauge(
            "stenolog_fan_out_lag_events",
            "Events of the log in which no delivery was looked for yet",
            registry=registry,
        )
        self._fan_out_seconds = Gauge(
            "stenolog_fan_out_lag_seconds",
            "Age of the oldest event in which no delivery was looked for yet; 0 without any",
            registry=registry,
        )

    def delivery_attempted(self, outcome: str) -> None:
        """Count a call of a customer's webhook."""
        self._delivery_attempts.labels(outcome).inc()

    def delivered(self, outcome: str) -> None:
        """Count a delivery that ended: `succeeded`, or why it did not."""
        self._deliveries.labels(outcome).inc()

    def outbox(self, deliveries: int, due: int, *, oldest_ms: int, ours_ms: int) -> None:
        """Set how many deliveries are pending and due, and how long the oldest has waited.

        `ours_ms` is the age of the oldest that waits for us.
        """
        self._outbox.set(deliveries)
        self._outbox_due.set(due)
        self._outbox_owed.set(oldest_ms / 1000)
        self._outbox_oldest.set(ours_ms / 1000)

    def fan_out_lag(self, events: int, age_ms: int) -> None:
        """Set how far the fan-out is behind the log."""
        self._fan_out_events.set(events)
        self._fan_out_seconds.set(age_ms / 1000)
