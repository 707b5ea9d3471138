"""What `/metrics` says of the log, before and after a restart."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.gateway_process import GatewayProcess, gateway
from tests.log_samples import BEGUN

SETTINGS = {"ASSEMBLYAI_API_KEY": "nobody", "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1"}
GAUGES_S_MAX = 20.0


def measured(running: GatewayProcess, name: str) -> float:
    with urllib.request.urlopen(f"{running.url}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    (value,) = (
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    )
    return float(value)


def head_of(running: GatewayProcess, least: int) -> int:
    """The head, once it is shown."""
    ends = time.monotonic() + GAUGES_S_MAX
    while (head := measured(running, "stenolog_log_head")) < least and time.monotonic() < ends:
        time.sleep(0.1)
    return int(head)


def submit(running: GatewayProcess) -> None:
    request = urllib.request.Request(
        f"{running.url}/v2/transcript",
        data=json.dumps({"audio_url": "https://audio.example/a.mp3"}).encode(),
        headers={"Authorization": running.key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def test_the_head_is_of_the_log_and_the_counter_of_this_process(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", SETTINGS) as running:
        for _ in range(3):
            submit(running)
        first = head_of(running, 3)
        assert measured(running, "stenolog_events_total") >= first - BEGUN >= 3
    with gateway(tmp_path / "data", {**SETTINGS, "SETTLE_MS": "9000000"}) as running:
        second = head_of(running, first)
        assert second >= first
        assert measured(running, "stenolog_events_total") <= second - 3
