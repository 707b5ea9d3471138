"""What operators see: health, readiness, metrics, one line a request, and limits of its head."""

from __future__ import annotations

import json
import re

import pytest
import structlog
from starlette.requests import Request
from starlette.responses import Response

from stenolog.compliance.accesses import NoAccessLog
from stenolog.edge.access.authentication import Authenticator
from stenolog.edge.access.rate_limit import rate_limits
from stenolog.edge.app import OFTEN_READ
from stenolog.edge.http.content_reads import ContentReads
from stenolog.edge.http.correlation import SCOPE_KEY
from stenolog.edge.http.head_limits import (
    HEADERS_BYTES_MAX,
    PATH_BYTES_MAX,
    QUERY_BYTES_MAX,
)
from stenolog.edge.http.problems import as_problem
from stenolog.edge.http.resource import Admission, Open, Resource
from tests.house.composed import Composed

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOBODY = {"Authorization": ""}

PROBLEM = ("application/problem+json", "detail")
WIRE = ("application/json", "error")


async def test_health_and_readiness_and_metrics_need_no_key(service: Composed) -> None:
    health = await service.client.get("/healthz", headers=NOBODY)
    assert (health.status_code, health.json()) == (200, {"status": "alive"})
    ready = await service.client.get("/readyz", headers=NOBODY)
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    metrics = await service.client.get("/metrics", headers=NOBODY)
    assert metrics.status_code == 200
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert "stenolog_callbacks" in metrics.text
    assert (await service.client.head("/healthz")).content == b""


async def test_readiness_says_503_and_shows_why_to_an_operator(service: Composed) -> None:
    customer = await service.new_key("acme", "transcripts:read")
    service.events.refusing = True
    hidden = await service.client.get("/readyz", headers=NOBODY)
    named = {"status": "unavailable", "failing": ["log"]}
    assert (hidden.status_code, hidden.json()) == (503, named)
    assert int(hidden.headers["Retry-After"]) >= 1
    shown = await service.client.get("/readyz")
    checks, figures = shown.json()["checks"], shown.json()["figures"]
    assert (checks["log"], checks["keys"]) == ("log.db: injected: disk full", "readable")
    assert figures['stenolog_beat_age_seconds{loop="dispatcher"}'] >= 0
    answer = await service.client.get("/readyz", headers={"Authorization": customer})
    assert answer.json() == named


async def test_metrics_name_no_tenant_no_id_and_no_path(service: Composed) -> None:
    transcription_id, registration = await service.submitted()
    await service.call_back(registration)
    await service.client.get(f"/v2/transcript/{transcription_id}")
    await service.client.get("/a/secret/path")
    text = (await service.client.get("/metrics")).text
    assert 'stenolog_requests_total{route="/v2/transcript/{id}",status="200"} 1.0' in text
    assert 'route="unknown",status="404"' in text
    assert not UUID.search(text)
    assert registration.token not in text
    assert "secret" not in text


async def test_every_answer_has_a_correlation_id_of_its_own(service: Composed) -> None:
    ids = set()
    for path in ("/healthz", "/v2/transcript", "/nothing", "/callbacks/assemblyai/x"):
        answer = await service.client.get(path, headers={"X-Correlation-Id": "forged"})
        ids.add(answer.headers["X-Correlation-Id"])
    assert len(ids) == 4
    assert all(UUID.fullmatch(one) for one in ids)


async def test_a_request_is_one_line_without_tokens_ids_or_queries(
    service: Composed, capfd: pytest.CaptureFixture[str]
) -> None:
    transcription_id, registration = await service.submitted()
    capfd.readouterr()
    with structlog.testing.capture_logs() as lines:
        await service.call_back(registration)
        await service.client.get(f"/v2/transcript/{transcription_id}")
        await service.client.get("/v2/transcript", params={"status": "queued"})
    answered = [line for line in lines if line["event"] == "edge.answered"]
    assert [(line["method"], line["route"], line["status"]) for line in answered] == [
        ("POST", "/callbacks/{provider}/{token:anything}", 204),
        ("GET", "/v2/transcript/{id}", 200),
        ("GET", "/v2/transcript", 200),
    ]
    said = json.dumps(lines, default=str) + "".join(capfd.readouterr())
    for secret in (registration.token, registration.header, service.key, transcription_id):
        assert secret not in said
    assert "queued" not in json.dumps(answered)


async def test_probes_and_polls_that_went_well_are_lines_at_level_debug(service: Composed) -> None:
    transcription_id = await service.submit()
    with structlog.testing.capture_logs() as lines:
        for path in ("/healthz", "/readyz", "/metrics"):
            await service.client.get(path)
        await service.client.get(f"/v2/transcript/{transcription_id}")
        await service.client.get(f"/api/v1/transcripts/{transcription_id}")
        await service.client.get("/v2/transcript/unknown")
        await service.client.get("/v2/transcript")
        await service.client.delete(f"/v2/transcript/{transcription_id}")
    answered = [line for line in lines if line["event"] == "edge.answered"]
    assert [line["log_level"] for line in answered] == ["debug"] * 5 + ["info"] * 3
    assert {getattr(route, "path", "") for route in service.routes} >= OFTEN_READ


@pytest.mark.parametrize(
    ("path", "headers", "status", "form"),
    [
        ("/" + "x" * PATH_BYTES_MAX, {}, 414, PROBLEM),
        ("/api/v1/transcripts?x=" + "x" * QUERY_BYTES_MAX, {}, 414, PROBLEM),
        ("/v2/" + "x" * PATH_BYTES_MAX, {}, 414, WIRE),
        ("/v2?x=" + "x" * QUERY_BYTES_MAX, {}, 414, WIRE),
        ("/v2/transcript?x=" + "x" * QUERY_BYTES_MAX, {}, 414, WIRE),
        ("/v2/transcript", {"X-Large": "x" * HEADERS_BYTES_MAX}, 431, WIRE),
        ("/callbacks/assemblyai/x", {"X-Large": "x" * HEADERS_BYTES_MAX}, 431, PROBLEM),
    ],
)
async def test_the_head_of_a_request_is_bounded(
    service: Composed, path: str, headers: dict[str, str], status: int, form: tuple[str, str]
) -> None:
    answer = await service.client.get(path, headers=headers)
    media_type, field = form
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == media_type
    assert re.search(r"\d{4}", answer.json()[field]), "the limit is named"


async def test_a_fault_of_ours_is_500_without_detail_and_a_traceback_in_the_log(
    service: Composed,
) -> None:
    async def broken(request: Request) -> Response:
        raise ZeroDivisionError("secret")

    admission = Admission(
        authenticator=Authenticator(service.keys),
        limits=rate_limits(0, 0),
        reads=ContentReads(NoAccessLog()),
    )
    resource = Resource(admission, as_problem, {"GET": Open(handler=broken)})
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "query_string": b"",
        SCOPE_KEY: "11111111-1111-4111-8111-111111111111",
    }
    with structlog.testing.capture_logs() as lines:
        await resource(scope, receive, send)
    assert sent[0]["status"] == 500
    body = sent[1]["body"]
    assert isinstance(body, bytes)
    assert b"secret" not in body
    assert [(line["event"], line["exc_info"]) for line in lines] == [("edge.crashed", True)]
