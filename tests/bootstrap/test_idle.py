"""A gateway that has nothing to do says that all is well, and shows what alerts ask for."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from pathlib import Path

import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from stenolog.heartbeat import BEAT_EVERY_MS
from tests.gateway_process import ROOT, GatewayProcess, gateway
from tests.log_samples import BEGUN

SETTINGS = {"ASSEMBLYAI_API_KEY": "nobody", "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1"}
LOOPS = {
    "sequencer",
    "keys_writer",
    "projector",
    "indexer",
    "reconciler",
    "fan_out",
    "dispatcher",
    "upload_sweep",
    "tree_heads",
}
LATE_S = 2.0
SELECTOR = re.compile(r"\b(stenolog_\w+)\{([^}]*)\}")
# Of what an idle gateway in front of no engine has not met yet.
NOT_YET = {("part", "engine"), ("status", "5..")}


def families(running: GatewayProcess) -> list[Metric]:
    with urllib.request.urlopen(f"{running.url}/metrics", timeout=5) as answer:
        return list(text_string_to_metric_families(answer.read().decode()))


def beats(found: list[Metric]) -> dict[str, float]:
    return {
        one.labels["loop"]: one.value
        for family in found
        if family.name == "stenolog_beat_age_seconds"
        for one in family.samples
    }


def readiness(running: GatewayProcess) -> dict[str, dict[str, object]]:
    request = urllib.request.Request(
        f"{running.url}/readyz", headers={"Authorization": running.key}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        said: dict[str, dict[str, object]] = json.loads(answer.read())
        return said


def asked_for() -> set[tuple[str, str, str]]:
    """Every series and value of a label that an alert selects."""
    loaded = yaml.safe_load((ROOT / "infra" / "alerts.yaml").read_text())
    found = set()
    for group in loaded["groups"]:
        for rule in group["rules"]:
            for name, selectors in SELECTOR.findall(rule["expr"]):
                for label, values in re.findall(r'(\w+)=~?"([^"]*)"', selectors):
                    if label == "job" or (label, values) in NOT_YET:
                        continue
                    found |= {(name, label, value) for value in values.split("|")}
    return found


def test_an_idle_gateway_beats_and_shows_what_alerts_ask_for(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", SETTINGS) as running:
        oldest_s = dict.fromkeys(LOOPS, 0.0)
        ends = time.monotonic() + BEAT_EVERY_MS / 1000 + LATE_S
        while time.monotonic() < ends:
            found = families(running)
            assert beats(found).keys() == LOOPS
            for loop, age_s in beats(found).items():
                oldest_s[loop] = max(oldest_s[loop], age_s)
            time.sleep(0.25)
        for loop, age_s in oldest_s.items():
            assert age_s < BEAT_EVERY_MS / 1000 + LATE_S / 2, loop
        shown = {
            (sample.name, label, value)
            for family in found
            for sample in family.samples
            for label, value in sample.labels.items()
        }
        assert asked_for()
        assert asked_for() <= shown
        said = readiness(running)
        assert set(said["checks"]) == LOOPS | {"log", "keys", "loops"}
        assert said["figures"]["stenolog_log_head"] in range(BEGUN, 10)
