"""Answers that no document has: each costs time at most, never a job, a result or an erasure."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import ProviderOutcomeUnknown, ProviderRefused, ProviderUnavailable
from stenolog.providers.assemblyai.adapter import AssemblyAI
from stenolog.providers.assemblyai.answers import server_error
from stenolog.providers.assemblyai.times import time_ms
from stenolog.providers.connection import ANSWER_BYTES_MAX, ServiceAddress
from stenolog.providers.port import FetchedJob, UnknownJob
from stenolog.wire.assemblyai import sentences
from tests.egress.scripted import always, answer, serving

JOB = "9ea68fd3-f953-42c1-9742-976c447fb463"
OTHER = "1ea68fd3-f953-42c1-9742-976c447fb463"
PAGE = b"<html><body>maintenance</body></html>"
SPELLINGS = [
    "2026-11-30T11:24:05.678Z",
    "2026-11-30T11:24:05.678000",
    "2026-11-30T11:24:05.678+00:00",
    "2026-11-30T11:24:05.678-00:00",
    "2026-11-30T06:24:05.678-05:00",
    "2026-11-30T16:54:05.678+05:30",
    "2026-11-30 11:24:05.678 UTC",
    "2026-11-30T11:24:05.678 GMT",
    1_796_037_845.678,
    1_796_037_845_678,
]
NOT_TRANSCRIPTS = [b"", PAGE, b"{}", b"[]", b"null", b'{"id": "cut', b"\xff\xfe"]


@asynccontextmanager
async def answering(raw: bytes, *, names_start: bool = False) -> AsyncIterator[AssemblyAI]:
    """An adapter in front of a service that gives this one answer."""
    async with serving(always(raw)) as server:
        egress = Egress(AddressPolicy.of(origins=[server.url]))
        address = ServiceAddress(base_url=server.url, api_key="key")
        try:
            yield AssemblyAI(
                "assemblyai", lambda: address, egress, timeout_ms=2_000, names_start=names_start
            )
        finally:
            await egress.aclose()


def told(value: object, status: str = "200 OK", **headers: str) -> bytes:
    """An answer in JSON."""
    return answer(status, json.dumps(value).encode(), **headers)


def job(status: str | None = "completed", job_id: str = JOB, **fields: object) -> dict[str, object]:
    """A job as the service tells it."""
    return {"id": job_id, "status": status, "audio_url": "https://a.example/1.mp3", **fields}


async def upload(adapter: AssemblyAI) -> str:
    """One byte, forwarded."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    return await adapter.upload(chunks(), 1)


async def test_a_result_of_another_job_is_not_taken_for_this_ones() -> None:
    async with answering(told(job(job_id=OTHER, text="another customer's words"))) as adapter:
        with pytest.raises(ProviderUnavailable):
            await adapter.fetch(JOB)


@pytest.mark.parametrize("body", [*NOT_TRANSCRIPTS, json.dumps(job(job_id=OTHER)).encode()])
async def test_a_job_is_only_deleted_when_the_service_says_so_of_this_job(body: bytes) -> None:
    async with answering(answer(body=body)) as adapter:
        with pytest.raises(ProviderUnavailable):
            await adapter.delete(JOB)
    async with answering(told(job(audio_url=sentences.DELETED_URL))) as adapter:
        await adapter.delete(JOB)


@pytest.mark.parametrize("body", [b"Not found", PAGE, b""])
async def test_a_path_that_is_not_known_is_no_job_that_is_not_known(body: bytes) -> None:
    """Such an answer is a proxy's, or a wrong base URL's: no job is given up for it."""
    async with answering(answer("404 Not Found", body)) as adapter:
        for ask in (adapter.fetch, adapter.delete):
            with pytest.raises(ProviderRefused) as refused:
                await ask(JOB)
            assert not refused.value.final


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found"])
async def test_a_job_is_only_unknown_in_the_services_own_words(status: str) -> None:
    own = {"error": sentences.TRANSCRIPT_NOT_FOUND}
    async with answering(told(own, status)) as adapter:
        assert await adapter.fetch(JOB) == UnknownJob()
        assert await adapter.delete(JOB) == UnknownJob()
    others: list[dict[str, object]] = [
        {"error": sentences.NOT_FOUND},
        {"timestamp": "2026-11-30", "status": 404, **own},  # a framework's, whatever it repeats
    ]
    for other in others:
        async with answering(told(other, status)) as adapter:
            for ask in (adapter.fetch, adapter.delete):
                with pytest.raises(ProviderRefused):
                    await ask(JOB)


@pytest.mark.parametrize(
    ("job_id", "names_start", "certain"),
    [("0a-1", True, False), ("0b-1", True, True), (JOB, True, True), ("0b-1", False, False)],
)
async def test_a_service_that_names_its_start_is_believed_about_jobs_of_earlier_ones(
    job_id: str, *, names_start: bool, certain: bool
) -> None:
    unknown = told(
        {"error": sentences.TRANSCRIPT_NOT_FOUND}, "400 Bad Request", x_engine_start="0a"
    )
    async with answering(unknown, names_start=names_start) as adapter:
        assert await adapter.fetch(job_id) == UnknownJob(of_earlier_start=certain)


@pytest.mark.parametrize(
    "left",
    [
        job("queued"),
        job("processing", words=None),
        job(audio_url=sentences.DELETED_URL, words=[{"text": "said"}]),
    ],
)
async def test_a_job_that_is_not_shown_as_emptied_is_not_deleted(left: dict[str, object]) -> None:
    async with answering(told(left)) as adapter:
        with pytest.raises(ProviderUnavailable):
            await adapter.delete(JOB)
        assert adapter.standing().odd == {"not-emptied": 1}


async def test_what_is_left_of_a_job_that_somebody_deleted_is_no_result() -> None:
    async with answering(told(job(audio_url=sentences.DELETED_URL))) as adapter:
        found = await adapter.fetch(JOB)
        assert isinstance(found, FetchedJob)
        assert found.emptied


async def test_a_byte_order_mark_is_no_part_of_the_answer() -> None:
    plain = json.dumps(job(text="said")).encode()
    async with answering(answer(body=b"\xef\xbb\xbf" + plain)) as adapter:
        found = await adapter.fetch(JOB)
        assert isinstance(found, FetchedJob)
        assert found.raw == plain
        assert await adapter.submit(b"{}") == JOB


@pytest.mark.parametrize("created", SPELLINGS)
def test_a_time_is_read_however_it_is_spelled(created: object) -> None:
    assert time_ms(created) == 1_796_037_845_678


@pytest.mark.parametrize("created", [None, "", "yesterday", "2026-13-01", True, -1, 10**30, [], {}])
def test_what_is_no_time_is_none(created: object) -> None:
    assert time_ms(created) is None


async def test_a_list_tells_of_its_items_and_what_is_odd_about_them_is_counted() -> None:
    rows = [job("completed", created="yesterday"), job("processing", OTHER, created=SPELLINGS[0])]
    page = {"transcripts": rows, "page_details": {"prev_url": None}}
    async with answering(told(page)) as adapter:
        with capture_logs() as lines:
            for _ in range(3):
                found = await adapter.list_jobs(status="processing", before=None)
        assert [one.running for one in found.jobs] == [False, True]
        assert adapter.standing().odd == {"created": 3, "list-ignores-status": 3}
    assert [line["odd"] for line in lines] == ["created", "list-ignores-status"]


@pytest.mark.parametrize("status", ["throttled", None, 7, "cancelled"])
async def test_a_job_in_a_state_that_nobody_knows_is_not_finished(status: str | None) -> None:
    async with answering(told(job(status))) as adapter:
        found = await adapter.fetch(JOB)
        assert isinstance(found, FetchedJob)
        assert (found.status, found.odd_status) == ("processing", str(status))
        assert adapter.standing().odd == {"status": 1}


async def test_one_odd_row_does_not_make_a_list_unreadable() -> None:
    rows = [job("throttled"), job(None, OTHER, audio_url=None, created=7)]
    page = {"transcripts": rows, "page_details": {"prev_url": None}}
    async with answering(told(page)) as adapter:
        found = await adapter.list_jobs(status=None, before=None)
        assert [one.id for one in found.jobs] == [JOB, OTHER]


@pytest.mark.parametrize("body", NOT_TRANSCRIPTS)
async def test_an_answer_that_says_nothing_is_asked_for_again(body: bytes) -> None:
    async with answering(answer(body=body)) as adapter:
        with pytest.raises(ProviderUnavailable):
            await adapter.fetch(JOB)
        with pytest.raises(ProviderUnavailable):
            await adapter.list_jobs(status=None, before=None)
        with pytest.raises(ProviderUnavailable):
            await upload(adapter)
        with pytest.raises(ProviderOutcomeUnknown):
            await adapter.submit(b"{}")


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP"])
async def test_a_body_that_was_compressed_all_the_same_is_read(name: str) -> None:
    plain = json.dumps(job(text="said")).encode()
    async with answering(answer(body=gzip.compress(plain), Content_Encoding=name)) as adapter:
        found = await adapter.fetch(JOB)
        assert isinstance(found, FetchedJob)
        assert found.raw == plain


async def test_an_answer_that_is_too_large_is_not_read_whole() -> None:
    huge = answer(body=b"", Content_Length=str(ANSWER_BYTES_MAX + 1))
    packed = gzip.compress(json.dumps({"id": JOB, "odd": " " * ANSWER_BYTES_MAX}).encode())
    for raw in (huge, answer(body=packed, Content_Encoding="gzip")):
        async with answering(raw) as adapter:
            with pytest.raises(ProviderUnavailable):
                await adapter.list_jobs(status=None, before=None)
            with pytest.raises(ProviderOutcomeUnknown):
                await adapter.submit(b"{}")


@pytest.mark.parametrize(
    "body", [b"no gzip", gzip.compress(b'{"id": "x"}')[:-6]], ids=["no gzip", "cut off"]
)
async def test_a_compressed_body_that_is_broken_says_nothing(body: bytes) -> None:
    async with answering(answer(body=body, Content_Encoding="gzip")) as adapter:
        with pytest.raises(ProviderUnavailable):
            await adapter.fetch(JOB)


async def test_an_account_without_money_is_ours_to_mend() -> None:
    async with answering(told({"error": sentences.BALANCE_NEGATIVE}, "400 Bad Request")) as adapter:
        with pytest.raises(ProviderRefused) as refused:
            await adapter.submit(b"{}")
        assert not refused.value.final


async def test_an_upload_that_failed_is_made_again() -> None:
    async with answering(answer("422 Unprocessable", sentences.UPLOAD_FAILED.encode())) as adapter:
        with pytest.raises(ProviderUnavailable):
            await upload(adapter)


async def test_a_request_that_took_too_long_to_arrive_is_made_again() -> None:
    async with answering(told({"error": "Timeout"}, "408 Request Timeout")) as adapter:
        with pytest.raises(ProviderUnavailable):
            await adapter.submit(b"{}")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    "body", [b" <!DOCTYPE html><html>nginx", b"Not found", b'{"message": "no"}', b""]
)
async def test_a_create_is_only_refused_in_the_services_own_shape(status: int, body: bytes) -> None:
    async with answering(answer(f"{status} No", body)) as adapter:
        with pytest.raises(ProviderOutcomeUnknown) as unknown:
            await adapter.submit(b"{}")
        assert unknown.value.page == (status, len(body))


async def test_a_web_page_is_no_sentence_for_a_customer() -> None:
    async with answering(answer("413 Too Large", b" <!DOCTYPE html><html>nginx")) as adapter:
        with pytest.raises(ProviderRefused) as refused:
            await upload(adapter)
        assert (refused.value.final, refused.value.sentence) == (True, "")


def test_only_server_errors_are_worth_another_job() -> None:
    assert server_error(sentences.SERVER_ERROR) == "server-error"
    assert server_error(sentences.INTERNAL_ERROR) == "server-error"
    refused = "Download error to https://a.example/b, 503 Server Error: Unavailable for url: b"
    assert server_error(refused) == "download-server-error"
    assert server_error(sentences.AUDIO_TOO_SHORT) is None
    assert server_error("what no table knows") is None
