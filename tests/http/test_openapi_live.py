"""The running service does what `openapi.yaml` says, whatever it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from stenolog.clock import now_ms
from stenolog.commands.callback_tokens import HEADER_NAME
from stenolog.edge.access.redacted_links import redacted_link
from stenolog.log.actors import SYSTEM
from stenolog.stores.files.directory import KEYS
from stenolog.wire.assemblyai.transcript import completed_transcript
from tests.house.composed import Composed

DOCUMENT = Path(__file__).parents[2] / "openapi.yaml"
EXAMPLES = 6  # of each operation and each kind: all of them take some seconds
EXAMPLES_OF_SOAK = 150  # some minutes
SEED = 20_261_121
WORD = {"text": "hello", "start": 0, "end": 9, "confidence": 0.9, "speaker": "A"}
ANSWER = completed_transcript(
    "job-1",
    {"audio_url": "https://audio.example/a.mp3", "speaker_labels": True},
    {
        "text": "hello",
        "confidence": 0.9,
        "audio_duration": 10,
        "words": [WORD],
        "utterances": [{**WORD, "words": [WORD]}],
    },
)
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
WAITING = ("POST /v1/stt", "POST /v1/audio/transcriptions")  # 504 is right: nobody transcribes
LEASED = "POST /api/v1/consumers/{consumer}/release"  # 409 is right: no lease has such a name
REFUSED = "POST /v1/audio/translations"  # 400 is right: nobody translates
READY = "GET /readyz"  # 503 is right once the reconciler, which no test here runs, is a minute late


CALLBACK = "/callbacks/{provider}/{token}"
PAGES = ("/openapi.json", "/asyncapi.json", "/docs", "/docs/errors", "/docs/style.css")
OPEN = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/redacted-audio/{link}",
    "/.well-known/webhook-keys",
    "/.well-known/stenolog-log-key",
    *PAGES,
)


class Driver:
    """Calls every operation with generated examples; every answer is held against the document."""

    def __init__(self, url: str, headers: dict[str, str], examples: int) -> None:
        load_all_checks()
        self._document = schemathesis.openapi.from_path(DOCUMENT)
        self._examples = examples
        self._url = url
        self._headers = headers

    def run(self, mode: GenerationMode, known: dict[str, str]) -> dict[str, set[int]]:
        """The statuses that were seen, by operation; `known` are path parameters that exist.

        An operation that cannot be asked wrongly is left out where that is wanted.
        """
        seen: dict[str, set[int]] = {}
        operations = [found.ok() for found in self._document.get_all_operations()]
        # What is deleted would be missed by what comes after it.
        for operation in sorted(operations, key=lambda one: one.method == "delete"):
            if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
                continue  # path and key are given: nothing could be wrong, and all is tried in vain
            given_ids = {
                name: one for name, one in known.items() if f"{{{name}}}" in operation.path
            }
            cases = operation.as_strategy(generation_mode=mode, path_parameters=given_ids or None)
            seen[operation.label] = self._call_each(operation.label, cases, self._examples)
            if mode is GenerationMode.POSITIVE:
                for example in operation.get_strategies_from_examples():
                    seen[operation.label] |= self._call_each(operation.label, example, 1)
        return seen

    def _call_each(self, label: str, cases: Any, examples: int) -> set[int]:
        statuses: set[int] = set()
        expected = ["not_a_server_error"] if label in (READY, *WAITING) else []
        checks = [CHECKS.get_one(name) for name in CHECKED if name not in expected]

        @seed(SEED)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def each(case: Any) -> None:
            try:
                answer = case.call_and_validate(
                    base_url=self._url, headers=self._headers, checks=checks
                )
            except FailureGroup as exc:
                # No `Exception`: it would end anyio's runner before the service was closed.
                raise AssertionError("\n".join(map(str, exc.exceptions))) from None
            statuses.add(answer.status_code)

        each()
        return statuses


async def driven(
    service: Composed,
    mode: GenerationMode,
    headers: dict[str, str],
    known: dict[str, str],
    examples: int = EXAMPLES,
) -> dict[str, set[int]]:
    driver = Driver(service.url, headers, examples)
    return await asyncio.to_thread(driver.run, mode, known)


@pytest.fixture
async def seeded(service: Composed) -> tuple[dict[str, str], dict[str, str]]:
    """What a transcription that exists is called, and the header of its callback."""
    transcription_id, registration = await service.submitted(
        speaker_labels=True,
        redact_pii=True,
        redact_pii_policies=["phone_number"],
        redact_pii_audio=True,
        webhook_url="http://127.0.0.1:9/hook",
    )
    endpoint = await service.client.post(
        "/api/v1/endpoints", json={"url": "http://127.0.0.1:9/hook"}
    )
    await service.call_back(registration)
    await service.complete(transcription_id, ANSWER)
    await service.projected()
    await service.indexed()
    service.edge.news.stop()  # nobody waits for events
    secret = await service.new_key()
    subject = {"subject": "somebody"}
    erasure = (await service.client.post("/api/v1/erasures", json=subject)).json()
    hold = (await service.client.post("/api/v1/holds", json={**subject, "reason": "why"})).json()
    link = redacted_link(service.edge.link_key, "", transcription_id, now_ms(), actor=SYSTEM)
    known = {
        "key": secret.split("_", 1)[1][:8],
        "erasure": erasure["id"],
        "secret": "callback",
        "hold": hold["id"],
        "link": link.rpartition("/")[2],
        "id": transcription_id,
        "model": "whisper-1",
        "name": "words",
        "consumer": "mine",
        "endpoint": endpoint.json()["id"],
        "provider": "assemblyai",
        "token": registration.token,
    }
    return known, {HEADER_NAME: registration.header}


async def test_what_is_asked_rightly_is_answered_as_documented(
    service: Composed, seeded: tuple[dict[str, str], dict[str, str]]
) -> None:
    known, header = seeded
    headers = {"Authorization": service.key, **header}
    seen = await driven(service, GenerationMode.POSITIVE, headers, known)
    for label, statuses in seen.items():
        well = 504 in statuses if label in WAITING else min(statuses) < 300 or label == REFUSED
        well = well or (label == LEASED and 409 in statuses)
        assert well, f"{label} was never answered well: {statuses}"


async def test_what_is_asked_wrongly_is_refused_as_documented(
    service: Composed, seeded: tuple[dict[str, str], dict[str, str]]
) -> None:
    known, header = seeded
    headers = {"Authorization": service.key, **header}
    seen = await driven(service, GenerationMode.NEGATIVE, headers, known)
    for label, statuses in seen.items():
        if label in ("POST /v2/transcript", "POST /api/v1/transcripts", "POST /api/v1/keys"):
            assert statuses == {400}, label


async def test_what_does_not_exist_is_answered_as_documented(service: Composed) -> None:
    await service.indexed()
    seen = await driven(service, GenerationMode.POSITIVE, {"Authorization": service.key}, {})
    for label, statuses in seen.items():
        if "{id}" in label:
            # An `after` that has the documented form is no cursor of this log: 400.
            assert statuses - {400} == (set() if "/v2/" in label else {404})
        if label == f"POST {CALLBACK}":
            assert statuses == {401}


@pytest.mark.parametrize("header", ["", "Bearer sk_wrong", "the key of nobody"])
async def test_without_a_key_nothing_that_needs_one_is_answered(
    service: Composed, seeded: tuple[dict[str, str], dict[str, str]], header: str
) -> None:
    """401, and 429 after too many."""
    known, _ = seeded
    seen = await driven(service, GenerationMode.POSITIVE, {"Authorization": header}, known)
    for label, statuses in seen.items():
        if label.partition(" ")[2] not in OPEN:
            assert statuses <= {401, 429}, label


async def test_a_key_without_the_scope_is_forbidden(
    service: Composed, seeded: tuple[dict[str, str], dict[str, str]]
) -> None:
    """Only of what is there: an id that never was is told as one of another tenant's."""
    known, _ = seeded
    key = await service.new_key("default", "ops:read")
    with contextlib.closing(sqlite3.connect(service.settings.data_dir / KEYS)) as file:
        file.execute("UPDATE api_keys SET scopes = 'ops:nothing' WHERE name = 'test'")
        file.commit()
    seen = await driven(service, GenerationMode.POSITIVE, {"Authorization": key}, known)
    for label, statuses in seen.items():
        if label.partition(" ")[2] not in (*OPEN, CALLBACK):
            unknown = {400, 404} if "{id}" in label or "{endpoint}" in label else set()
            assert 403 in statuses <= {403, *unknown}, label


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_many_more_examples_are_answered_as_documented(
    service: Composed, seeded: tuple[dict[str, str], dict[str, str]], mode: GenerationMode
) -> None:
    known, header = seeded
    headers = {"Authorization": service.key, **header}
    seen = await driven(service, mode, headers, known, EXAMPLES_OF_SOAK)
    for label in (READY, *WAITING):
        seen.pop(label, None)
    assert all(status < 500 for statuses in seen.values() for status in statuses)
