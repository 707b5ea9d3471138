"""`/v2/transcript`: AssemblyAI's shapes, read-your-writes, tenants that are alone."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stenolog.wire.assemblyai.transcript import completed_transcript, queued_transcript
from tests.house.composed import Composed, composed

URL = "https://audio.example/call.mp3"
UNKNOWN = {"error": "Transcript lookup error, transcript id not found"}
UNAUTHENTICATED = {"error": "Authentication error, API token missing/invalid"}


def answer_of(text: str) -> dict[str, Any]:
    return completed_transcript("job-1", {"audio_url": URL}, {"text": text, "words": []})


async def status_of(service: Composed, transcription_id: str) -> str:
    answer = await service.client.get(f"/v2/transcript/{transcription_id}")
    assert answer.status_code == 200
    return str(answer.json()["status"])


async def test_create_answers_a_whole_queued_transcript(service: Composed) -> None:
    answer = await service.client.post(
        "/v2/transcript", json={"audio_url": URL, "speaker_labels": True}
    )
    body = answer.json()
    assert answer.status_code == 200
    assert uuid.UUID(body["id"])
    assert body == queued_transcript(body["id"], {"audio_url": URL, "speaker_labels": True})


async def test_the_models_that_are_asked_for_by_default_are_echoed_from_the_beginning(
    tmp_path: Path,
) -> None:
    async with composed(tmp_path, speech_models=("universal-3-pro", "universal-2")) as service:
        for given, headers, shown in (
            ({}, {}, ["universal-3-pro", "universal-2"]),
            ({"speech_models": ["universal-2"]}, {}, ["universal-2"]),
            ({}, {"Stenolog-Provider": "local"}, None),
        ):
            body = {"audio_url": URL, **given}
            created = await service.client.post("/v2/transcript", json=body, headers=headers)
            path = f"/v2/transcript/{created.json()['id']}"
            read = await service.client.get(path)
            for answer in (created, read):
                assert answer.json()["speech_models"] == shown


async def test_200_means_that_the_request_is_in_the_log_as_it_was_given(service: Composed) -> None:
    huge = 2**70
    transcription_id = await service.submit(audio_url=URL, speech_models=["universal-2"], x=huge)
    [event] = await service.stream(transcription_id)
    assert event.data == {
        "provider": "assemblyai",
        "region": "us",
        "surface": "v2",
        "upload": None,
        "fallbacks": [],
    }
    payload = await service.handler.payload_of(event.id, event.position)
    assert json.loads(payload or b"") == {
        "params": {"audio_url": URL, "speech_models": ["universal-2"], "x": huge},
        "subject": None,
        "metadata": None,
    }


async def test_the_correlation_id_of_the_answer_is_that_of_the_events(service: Composed) -> None:
    answer = await service.client.post("/v2/transcript", json={"audio_url": URL})
    [event] = await service.stream(answer.json()["id"])
    assert event.correlation_id == answer.headers["X-Correlation-Id"]


async def test_a_customer_reads_its_write_while_the_projector_stands_still(
    service: Composed,
) -> None:
    await service.stand_still()
    transcription_id = await service.submit(audio_url=URL, sentiment_analysis=True, custom_key="x")
    answer = await service.client.get(f"/v2/transcript/{transcription_id}")
    assert answer.status_code == 200
    expected = queued_transcript(transcription_id, {"audio_url": URL, "sentiment_analysis": True})
    assert answer.json() == expected


async def test_an_outcome_is_shown_only_once_the_views_have_it(service: Composed) -> None:
    await service.stand_still()
    transcription_id, registration = await service.submitted(audio_url=URL)
    assert await status_of(service, transcription_id) == "processing"
    await service.call_back(registration)
    await service.complete(transcription_id, answer_of("here it is"))
    assert await status_of(service, transcription_id) == "processing"
    await service.projected()
    answer = await service.client.get(f"/v2/transcript/{transcription_id}")
    assert (answer.json()["status"], answer.json()["text"]) == ("completed", "here it is")
    assert answer.json()["id"] == transcription_id


async def test_a_view_that_is_behind_is_not_believed(service: Composed) -> None:
    transcription_id = await service.submit(audio_url=URL)
    await service.projected()
    assert await status_of(service, transcription_id) == "queued"
    await service.stand_still()
    await service.claim(transcription_id)
    await service.accept(transcription_id)
    assert await status_of(service, transcription_id) == "processing"


async def test_the_same_is_answered_from_the_log_and_from_the_views(service: Composed) -> None:
    await service.stand_still()
    transcription_id, _ = await service.submitted(audio_url=URL, prompt="Straße", multichannel=True)
    path = f"/v2/transcript/{transcription_id}"
    folded = await service.client.get(path)
    await service.projected()
    assert (await service.client.get(path)).json() == folded.json()


async def test_a_failure_is_200_with_the_sentence(service: Composed) -> None:
    transcription_id, _ = await service.submitted(audio_url=URL)
    await service.fail(transcription_id, "Audio duration is too short.")
    await service.projected()
    answer = await service.client.get(f"/v2/transcript/{transcription_id}")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["error"]) == (
        "error",
        "Audio duration is too short.",
    )


async def test_a_webhook_is_echoed_without_its_secret(service: Composed) -> None:
    given = {
        "audio_url": URL,
        "webhook_url": "https://customer.example/hook",
        "webhook_auth_header_name": "X-Customer",
        "webhook_auth_header_value": "s3cret-value",
    }
    answer = await service.client.post("/v2/transcript", json=given)
    body = answer.json()
    assert (body["webhook_url"], body["webhook_auth"]) == (given["webhook_url"], True)
    read = await service.client.get(f"/v2/transcript/{body['id']}")
    await service.projected()
    again = await service.client.get(f"/v2/transcript/{body['id']}")
    for one in (answer, read, again):
        assert "s3cret-value" not in one.text
        assert one.json()["webhook_auth"] is True
        assert one.json()["webhook_auth_header_name"] == "X-Customer"
    assert b"s3cret-value" not in (await service.views.request(body["id"]) or b"s3cret-value")


async def test_unknown_parameters_are_warned_about_by_name_once(
    service: Composed, capfd: pytest.CaptureFixture[str]
) -> None:
    for more in ({}, {}, {"newer": 1}):
        await service.submit(audio_url=URL, brand_new="a secret value", **more)
    said = "".join(capfd.readouterr())
    assert said.count("request.parameters_unknown") == 2
    assert (said.count("brand_new"), said.count("newer")) == (1, 1)
    assert "a secret value" not in said


@pytest.mark.parametrize(
    "header", ["wrong", "", "Bearer", "Bearer wrong", "sk_12345678_" + "x" * 43, "x" * 300]
)
async def test_a_wrong_key_is_401_with_the_services_body(service: Composed, header: str) -> None:
    for method, path in (("GET", "/v2/transcript"), ("POST", "/v2/upload")):
        answer = await service.client.request(method, path, headers={"Authorization": header})
        assert (answer.status_code, answer.json()) == (401, UNAUTHENTICATED)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_key_is_taken_bare_and_as_bearer(service: Composed) -> None:
    for header in (service.key, f"Bearer {service.key}", f"bearer  {service.key}"):
        answer = await service.client.get("/v2/transcript", headers={"Authorization": header})
        assert answer.status_code == 200


async def test_a_scope_that_is_missing_is_403(service: Composed) -> None:
    reader = await service.new_key("default", "transcripts:read")
    headers = {"Authorization": reader}
    assert (await service.client.get("/v2/transcript", headers=headers)).status_code == 200
    answer = await service.client.post("/v2/transcript", json={"audio_url": URL}, headers=headers)
    assert answer.status_code == 403
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    "name", ["4a8d9e9c-0000-4000-8000-000000000000", "x", "transcription-1", "%00", "A" * 300]
)
async def test_an_unknown_id_is_400_with_the_services_sentence(
    service: Composed, name: str
) -> None:
    answer = await service.client.get(f"/v2/transcript/{name}")
    assert (answer.status_code, answer.json()) == (400, UNKNOWN)


async def test_an_id_is_found_as_it_is_written_or_encoded_and_in_small_letters_only(
    service: Composed,
) -> None:
    transcription_id = await service.submit(audio_url=URL)
    encoded = "".join(f"%{ord(one):02x}" for one in transcription_id)
    for name, status in ((encoded, 200), (transcription_id + "%0a", 400)):
        answer = await service.client.get(f"/v2/transcript/{name}")
        assert answer.status_code == status
    if transcription_id.upper() != transcription_id:
        answer = await service.client.get(f"/v2/transcript/{transcription_id.upper()}")
        assert (answer.status_code, answer.json()) == (400, UNKNOWN)
    head = await service.client.head(f"/v2/transcript/{transcription_id}")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("projected", [True, False])
async def test_another_tenants_transcript_does_not_exist(
    service: Composed, *, projected: bool
) -> None:
    if not projected:
        await service.stand_still()
    transcription_id = await service.submit(audio_url=URL)
    if projected:
        await service.projected()
    headers = {"Authorization": await service.new_key("another")}
    answer = await service.client.get(f"/v2/transcript/{transcription_id}", headers=headers)
    assert (answer.status_code, answer.json()) == (400, UNKNOWN)
    listed = await service.client.get("/v2/transcript", headers=headers)
    assert listed.json()["transcripts"] == []
    for bound in ("before_id", "after_id"):
        answer = await service.client.get(
            "/v2/transcript", params={bound: transcription_id}, headers=headers
        )
        assert (answer.status_code, answer.json()) == (400, UNKNOWN)


NOT_HTTP = "Transcript creation error, audio_url should start with http"
TOO_MUCH = "The request body holds too much: 20000 values and names at most, all together"
TOO_LARGE = "The request body holds a number that is too large"
REFUSED: list[tuple[bytes, str]] = [
    (b"{}", "Transcript creation error, audio_url not found"),
    (b'{"audio_url": "ftp://x"}', NOT_HTTP),
    (
        b'{"audio_url": "https://a.example/b", "format_text": "yes"}',
        "format_text must be a Boolean",
    ),
    (b"not json", "The request body is not valid JSON"),
    (b"", "The request body is not valid JSON"),
    (b"\xff", "The request body is not valid JSON"),
    (b"[1]", "The request body must be a JSON object"),
    (b"[" * 10_000, "The request body is not valid JSON"),
    (b"[" * 100_000, TOO_MUCH),
    (b'{"audio_url": "https://a.example/b", "x": %b}' % (b"9" * 4301), TOO_LARGE),
    (b'{"audio_url": " https://a.example/b"}', "audio_url must not begin or end with a blank"),
    (
        b'{"audio_url": "https://xn--a.x/b"}',
        "audio_url must have a valid host: the host has a part that begins with xn-- and is not "
        "Punycode",
    ),
    (
        b'{"audio_url": "https://a.example/b", "webhook_url": "http://xn--/"}',
        "webhook_url must have a valid host: the host has a part that begins with xn-- and is not "
        "Punycode",
    ),
    (
        b'{"audio_url": "http://user:secret@a.example/b"}',
        "audio_url must not have a user name or a password",
    ),
    (b'{"a":' * 40 + b"1" + b"}" * 40, "The request body is nested deeper than 32 levels"),
    (b'{"audio_url": "https://a.example/b", "x": NaN}', "The request body is not valid JSON"),
]


@pytest.mark.parametrize(("body", "sentence"), REFUSED)
async def test_a_request_that_is_wrong_is_400_and_leaves_nothing(
    service: Composed, body: bytes, sentence: str
) -> None:
    answer = await service.client.post("/v2/transcript", content=body)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert await service.recorded() == []


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + json.dumps({"audio_url": URL}).encode(),
        b'{"audio_url": "ftp://x", "audio_url": "%b"}' % URL.encode(),
    ],
    ids=["byte order mark", "a key twice"],
)
async def test_what_json_leaves_open_is_accepted_whatever_the_type_says(
    service: Composed, body: bytes
) -> None:
    for media_type in ("application/json; charset=utf-8", "text/plain", ""):
        answer = await service.client.post(
            "/v2/transcript", content=body, headers={"Content-Type": media_type}
        )
        assert (answer.status_code, answer.json()["audio_url"]) == (200, URL)


async def test_a_body_over_a_mebibyte_is_413_naming_the_limit(service: Composed) -> None:
    body = b'{"audio_url": "' + b"x" * (1 << 20) + b'"}'

    async def undeclared() -> AsyncIterator[bytes]:
        yield body

    for content in (body, undeclared()):
        answer = await service.client.post("/v2/transcript", content=content)
        assert answer.status_code == 413
        assert "1048576" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/v2/transcript", "/api/v1/transcripts", "/api/v1/keys"])
async def test_a_declared_length_over_the_limit_is_413_before_the_body_comes(
    service: Composed, path: str
) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {service.key}\r\n"
        f"Content-Length: {2 << 20}\r\n\r\n".encode()
    )
    async with asyncio.timeout(5):
        assert (await reader.readline()).split()[1] == b"413"
    writer.close()


async def test_a_name_that_is_no_parameters_is_not_in_the_log(
    service: Composed, capfd: pytest.CaptureFixture[str]
) -> None:
    names = ["Call Ada Lovelace", "ada@a.example", "\x1b[31m", "x" * 60, "\n{}", "speaker options"]
    await service.submit(audio_url=URL, **dict.fromkeys(names, 1), speaker_options={"Ada L.": 1})
    said = "".join(capfd.readouterr())
    assert "(other)" in said
    for name in (*names, "Ada"):
        assert name not in said


@pytest.mark.parametrize(("letters", "status"), [(2_040, 200), (2_050, 400)])
async def test_metadata_is_measured_as_it_is_sent(
    service: Composed, letters: int, status: int
) -> None:
    """Two bytes a letter of Cyrillic, whatever it would be in ASCII."""
    metadata = '{"name":"%s"}' % ("\u0449" * letters)  # 11 bytes and the letters
    headers = [(b"Stenolog-Metadata", metadata.encode())]
    answer = await service.client.post("/v2/transcript", json={"audio_url": URL}, headers=headers)
    assert answer.status_code == status, answer.text
    assert status == 200 or "4096 bytes" in answer.text
    body = {"audio_url": URL, "metadata": json.loads(metadata)}
    answer = await service.client.post("/api/v1/transcripts", json=body)
    assert answer.status_code in (status, status + 1), answer.text


async def test_the_four_headers_of_ours_are_kept(service: Composed) -> None:
    answer = await service.client.post(
        "/v2/transcript",
        json={"audio_url": URL},
        headers=[
            (b"Stenolog-Provider", b"local"),
            (b"Stenolog-Subject", "Jürgen".encode()),
            (b"Stenolog-Metadata", b'{"call": 7}'),
        ],
    )
    assert answer.status_code == 200, answer.text
    [event] = await service.stream(answer.json()["id"])
    assert (event.data["provider"], event.data["region"]) == ("local", None)
    payload = json.loads(await service.handler.payload_of(event.id, event.position) or b"")
    assert (payload["subject"], payload["metadata"]) == ("Jürgen", {"call": 7})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Stenolog-Provider", "aimlapi"),
        ("Stenolog-Provider", "nobody"),
        ("Stenolog-Region", "mars"),
        ("Stenolog-Subject", "x" * 257),
        ("Stenolog-Metadata", "[1]"),
        ("Stenolog-Metadata", "{"),
        ("Stenolog-Metadata", json.dumps({"x": "y" * 4_096})),
    ],
)
async def test_a_header_of_ours_that_is_wrong_is_400(
    service: Composed, name: str, value: str
) -> None:
    answer = await service.client.post(
        "/v2/transcript", json={"audio_url": URL}, headers={name: value}
    )
    assert answer.status_code == 400
    assert name.lower().removeprefix("stenolog-") in answer.json()["error"].lower()


async def test_a_log_that_cannot_commit_is_503(service: Composed) -> None:
    service.events.refusing = True
    answer = await service.client.post("/v2/transcript", json={"audio_url": URL})
    assert (answer.status_code, answer.json()) == (503, {"error": "Service unavailable"})
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_lost_reply_of_the_log_leaves_one_request_at_most(service: Composed) -> None:
    service.events.losing_replies = True
    answer = await service.client.post("/v2/transcript", json={"audio_url": URL})
    assert answer.status_code == 503
    assert len(await service.recorded()) == 1


async def test_what_v2_does_not_have_is_404_and_405_as_json(service: Composed) -> None:
    for path in ("/v2", "/v2/", "/v2/nothing", "/v2/transcript/", "/v2/upload/x"):
        answer = await service.client.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})
    for method in ("PUT", "OPTIONS", "DELETE"):
        answer = await service.client.request(method, "/v2/transcript")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
        assert list(answer.json()) == ["error"]


async def test_requests_at_the_same_time_get_ids_of_their_own(service: Composed) -> None:
    ids = await asyncio.gather(*(service.submit(audio_url=URL) for _ in range(40)))
    assert len(set(ids)) == 40
    assert len(await service.recorded()) == 40
