"""Metrics say what they are, and alerts and documents name those that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from stenolog.telemetry import Metrics

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FAMILIES: dict[str, Metric] = {
    one.name: one for one in text_string_to_metric_families(Metrics().exposition()[0].decode())
}
# Of Prometheus itself, of the blackbox exporter, of the node exporter.
FOREIGN = {"up", "probe_success", "node_filesystem_avail_bytes"}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\bup\b")
FUNCTIONS = {"histogram_quantile", "predict_linear"}


def series() -> set[str]:
    """Every name that a query can use."""
    return {one.name + suffix for one in FAMILIES.values() for suffix in SUFFIXES[one.type]}


def rules() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((ROOT / "infra" / "alerts.yaml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_help_text_says_by_itself_what_is_measured(family: Metric) -> None:
    said = family.documentation
    assert said[0].isupper()
    assert not said.endswith(".")
    assert not re.search(r"\bof (them|these|it)\b", said)  # of another metric's
    # What begins at 0 with the process is not the whole: people take it for that.
    if family.type == "counter":
        assert "since the start" in said
    if family.name.endswith("_seconds"):
        assert said.startswith(("Age of the oldest", "Seconds")), said


def test_no_series_stands_under_the_help_text_of_another() -> None:
    metrics = Metrics()
    metrics.delivered("succeeded")
    lines = metrics.exposition()[0].decode().splitlines()
    assert [line for line in lines if "_created" in line] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_measures_what_exists_and_says_what_to_do(rule: dict[str, Any]) -> None:
    named = set(NAME.findall(re.sub(r"\{[^}]*\}|\[[^]]*\]", "", rule["expr"]))) - FUNCTIONS
    assert named
    assert named <= series() | FOREIGN
    assert re.fullmatch(r"\d+[mh]", rule["for"])
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "advice"}


def test_every_age_of_what_waits_has_an_alert() -> None:
    alerted = "".join(rule["expr"] for rule in rules())
    ages = [one.name for one in FAMILIES.values() if one.documentation.startswith("Age of")]
    assert ages
    assert [age for age in ages if age not in alerted] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_metrics_that_exist(document: Path) -> None:
    named = re.findall(r"`(stenolog_[a-z_]+)(?:\{[^}]*\})?`", document.read_text())
    assert set(named) <= series()
