"""A gateway that starts with very many open jobs knows them all, and they take little memory."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from infra.bench.children import Child
from infra.bench.gateway import RunningGateway, gateway
from infra.bench.seeding import AT_ONCE, opened_recorder
from infra.bench.transcripts import NO_FEATURE, request_payload
from stenolog.commands.transcription.state import stream_of
from stenolog.log.events.submissions import SubmissionAccepted, SubmissionClaimed
from stenolog.log.events.transcriptions import TranscriptionRequested
from stenolog.log.recorder import Cause, Fact, FactRecorder, new_id
from tests.threaded_server import Answering, serving_threads

JOBS = int(os.environ.get("STENOLOG_TEST_OPEN_JOBS", "100000"))
PAGE_JOBS = 200
PAGE_S = 0.5  # a slow list
BYTES_MAX = 200_000_000
PATIENCE_S = 1_500
LOOK_S = 0.5
CREATED = "2026-11-30T08:00:00.000000"
ASKED: Counter[str] = Counter()


def job_of(number: int) -> str:
    return f"job-{number:06}"


class Lists(Answering):
    """A provider all of whose jobs are processed, and that only needs their numbers for it."""

    def do_GET(self) -> None:
        self.taken()
        split = urlsplit(self.path)
        if split.path != "/v2/transcript":
            ASKED["other"] += 1
            self.answer(HTTPStatus.SERVICE_UNAVAILABLE, {}, b"{}")
            return
        ASKED["list"] += 1
        time.sleep(PAGE_S)  # what the list costs its provider
        query = parse_qs(split.query)
        below = int(query.get("before_id", [job_of(JOBS)])[0].removeprefix("job-"))
        first = max(0, below - PAGE_JOBS) if query["status"] == ["processing"] else below
        items = [
            {
                "id": job_of(number),
                "status": "processing",
                "audio_url": "https://audio.example/1.mp3",
                "created": CREATED,
            }
            for number in reversed(range(first, below))
        ]
        details = {"prev_url": "older" if items and first else None}
        body = json.dumps({"transcripts": items, "page_details": details}).encode()
        self.answer(HTTPStatus.OK, {"content-type": "application/json"}, body)

    def do_POST(self) -> None:
        self.taken()
        ASKED["create"] += 1
        self.answer(HTTPStatus.SERVICE_UNAVAILABLE, {}, b"{}")


async def open_jobs(directory: Path) -> None:
    """So many transcriptions have been submitted and accepted, and nothing else."""
    async with opened_recorder(directory) as (recorder, signing):
        cause = Cause(tenant=str(uuid.uuid4()), actor=str(uuid.uuid4()), correlation_id=new_id())
        for at in range(0, JOBS, AT_ONCE):
            numbers = range(at, min(JOBS, at + AT_ONCE))
            await asyncio.gather(
                *(open_one(recorder, cause, number, signing.current) for number in numbers)
            )


async def open_one(recorder: FactRecorder, cause: Cause, number: int, kid: int) -> None:
    requested = TranscriptionRequested(
        provider="assemblyai", region="us", surface="v2", upload=None
    )
    facts = [
        Fact(data=requested, payload=request_payload(NO_FEATURE)),
        Fact(data=SubmissionClaimed(submission=1, kid=kid), payload=b"{}"),
        Fact(data=SubmissionAccepted(submission=1, provider_job=job_of(number), adopted=False)),
    ]
    await recorder.record(stream_of(new_id()), facts, cause)


async def most_memory(child: Child) -> int:
    """Its most resident memory until this is cancelled."""
    most = 0
    try:
        while True:
            most = max(most, child.rss_bytes())
            await asyncio.sleep(LOOK_S)
    except asyncio.CancelledError:
        return most


async def known(service: RunningGateway, http: httpx.AsyncClient) -> dict[str, Any]:
    """What is said of the place once all jobs were compared with its list."""
    place: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await http.get("/api/v1/reconciliation")
            [place] = [p for p in answer.json()["places"] if p["provider"] == "assemblyai"]
            compared = [one["compared"] for one in place["last_sweeps"]]
            if place["running"] == JOBS and JOBS in compared:
                return place
            await asyncio.sleep(LOOK_S)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
async def test_a_hundred_thousand_open_jobs_take_less_than_200_megabytes(tmp_path: Path) -> None:
    async with gateway(tmp_path / "empty") as without:
        idle = without.child.rss_bytes()
    await open_jobs(tmp_path / "data")
    with serving_threads(Lists) as url:
        async with gateway(tmp_path / "data", provider_url=url) as service:
            headers = {"Authorization": service.api_key}
            watching = asyncio.create_task(most_memory(service.child))
            began = time.monotonic()
            async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=30) as http:
                place = await known(service, http)
            watching.cancel()
            most = await watching
    took_s = time.monotonic() - began
    print(f"{JOBS} jobs compared after {took_s:.0f} s; {idle / 1e6:.0f} to {most / 1e6:.0f} MB")
    print(f"asked: {dict(ASKED)}")
    assert most - idle < BYTES_MAX
    for sweep in place["last_sweeps"]:
        assert sweep["missing"] == 0
        assert sweep["pages"] <= 1.05 * (JOBS / PAGE_JOBS) + 1
    assert not ASKED["other"]
    assert not ASKED["create"]
