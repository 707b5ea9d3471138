"""Numbers of an engine that does not answer are not shown as if they were of now."""

from __future__ import annotations

from math import isnan

from prometheus_client import CollectorRegistry

from stenolog.machine_metrics import MachineMetrics


def test_nothing_is_said_of_an_engine_that_does_not_answer() -> None:
    registry = CollectorRegistry()
    metrics = MachineMetrics(registry)
    metrics.engine({"downloads": {"waiting": 2, "held_bytes": 9}})
    assert registry.get_sample_value("stenolog_engine_held_bytes") == 9
    metrics.engine(None)
    assert registry.get_sample_value("stenolog_engine_up") == 0
    held = registry.get_sample_value("stenolog_engine_held_bytes")
    assert held is not None
    assert isnan(held)
    work = {"of": "downloads", "state": "waiting"}
    assert registry.get_sample_value("stenolog_engine_work", work) is None
