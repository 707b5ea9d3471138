"""What the provider answers comes back from `/v2`, field by field, through log and views."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from stenolog.projections.documents import read_object
from stenolog.simulator.assemblyai.behaviour import JOB_ID, Behaviour
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess, before, gateway

BODIES = {
    path.stem: path
    for path in (Path(__file__).parent / "assemblyai").glob("*.json")
    if path.stem != "deleted"  # nobody's result: DECISIONS 219
}
OURS = frozenset(
    {
        "id",
        "audio_url",
        "webhook_url",
        "webhook_status_code",
        "webhook_auth",
        "webhook_auth_header_name",
    }
)
# Written by us all the same: to what it is, and to what the Python SDK accepts.
CORRECTED = frozenset({"status", "speech_model", "audio_duration"})
# What `redact_pii` hid in its words, and the provider quoted elsewhere all the same.
QUOTED = {"all-features": ("Tomas Okafor", "[PERSON_NAME] [PERSON_NAME]")}
QUOTING = frozenset({"chapters", "entities", "iab_categories_result", "sentiment_analysis_results"})
WEBHOOK = re.compile(rb'"webhook_url": "[^"]*"')
ID = re.compile(rb'"id": "[^"]*"')  # of the job: the first in each file
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway whose provider answers with the body that the audio URL names."""

    def behave(body: Any) -> Behaviour:
        told = BODIES[str(body["audio_url"]).rpartition("/")[2]].read_bytes()
        ours = json.dumps({"webhook_url": body["webhook_url"]})[1:-1].encode()
        told = WEBHOOK.sub(lambda _: ours, told)
        return Behaviour(run_ms=50, answer=ID.sub(b'"id": "%b"' % JOB_ID, told, count=1))

    with (
        ThreadedSimulator(Simulator(behave=behave)) as url,
        gateway(tmp_path_factory.mktemp("golden") / "data", before(url, API_KEY)) as made,
    ):
        yield made


def raw(running: GatewayProcess, path: str, body: object = None) -> bytes:
    """The answer's bytes."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(running.url + path, data, {"authorization": running.key})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return bytes(answer.read())


def asked(running: GatewayProcess, path: str, body: object = None) -> Any:
    """The JSON answer; integers of any size survive."""
    return json.loads(raw(running, path, body))


@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_body_comes_back_field_by_field(running: GatewayProcess, name: str) -> None:
    told = json.loads(BODIES[name].read_text().replace(*QUOTED.get(name, ("", ""))))
    audio_url = f"https://audio.example/{name}"
    created = asked(running, "/v2/transcript", {"audio_url": audio_url})
    ends = monotonic() + PATIENCE_S
    path = f"/v2/transcript/{created['id']}"
    while (got := asked(running, path))["status"] not in {"completed", "error"}:
        assert monotonic() < ends, running.said
        sleep(0.05)
    assert (got["id"], got["audio_url"]) == (created["id"], audio_url)
    assert got["webhook_url"] is None
    assert got["status"] == told["status"]
    wanted = set(told) - OURS
    assert {field: got.get(field, "absent") for field in wanted} == {
        field: told[field] for field in wanted
    }
    if told["status"] == "completed":
        whole, untouched = (
            raw(running, path),
            wanted - CORRECTED - (QUOTING if name in QUOTED else set()),
        )
        for field, member in read_object(BODIES[name].read_bytes()).members():
            assert field not in untouched or member in whole, field
    if told["status"] == "completed" and told["words"]:
        assert asked(running, f"{path}/sentences")["sentences"]
