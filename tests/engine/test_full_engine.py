"""A full engine refuses a job for now, and keeps the file that it says to come back with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.engine.host.app import EngineApp
from stenolog.engine.host.jobs import OPEN_MAX, Job, Jobs
from stenolog.engine.host.redacted_audio import RedactedFiles
from stenolog.engine.host.runner import Runner
from stenolog.engine.host.scratch import Scratch
from stenolog.engine.host.webhooks import Webhooks
from stenolog.engine.options import SpeechOptions
from stenolog.engine.settings import EngineSettings

BASE_URL = "http://127.0.0.1:9"
API_KEY = "k" * 16


def job(number: int, status: str = "queued") -> Job:
    return Job(
        id=f"job-{number}",
        params={"audio_url": "http://x.org/"},
        options=SpeechOptions(),
        created_us=number,
        status=status,
    )


@pytest.fixture
def jobs() -> Jobs:
    """As many open jobs as there may be."""
    filled = Jobs()
    for number in range(OPEN_MAX):
        filled.put(job(number))
    return filled


@pytest.fixture
async def client(tmp_path: Path, jobs: Jobs) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of an engine whose workers have not begun."""
    async with serving(Scratch(tmp_path / "scratch"), tmp_path / "scratch", jobs) as opened:
        yield opened


@asynccontextmanager
async def serving(scratch: Scratch, folder: Path, jobs: Jobs) -> AsyncIterator[httpx.AsyncClient]:
    settings = EngineSettings(api_key=API_KEY, scratch_dir=folder)
    out = Egress(AddressPolicy.of())
    redacted = RedactedFiles(folder, BASE_URL)
    runner = Runner(
        settings,
        jobs=jobs,
        scratch=scratch,
        downloads=out,
        webhooks=Webhooks(out),
        redacted=redacted,
    )
    app = EngineApp(
        settings, base_url=BASE_URL, jobs=jobs, scratch=scratch, runner=runner, redacted=redacted
    )
    async with httpx.AsyncClient(
        base_url=BASE_URL,
        headers={"authorization": API_KEY},
        transport=httpx.ASGITransport(app.asgi()),
    ) as opened:
        yield opened
    await runner.stop()
    await out.aclose()


async def test_a_full_engine_tells_everybody_its_place(client: httpx.AsyncClient) -> None:
    places = (await client.get("/queue")).json()
    assert len(places) == OPEN_MAX
    told = (await client.get("/v2/transcript/job-5")).json()
    assert told["stenolog"] == {"queue": {"position": 6, "expected_ms": None}}
    assert places["job-5"] == told["stenolog"]["queue"]


async def test_a_full_engine_keeps_the_file_to_try_again_with(
    client: httpx.AsyncClient, jobs: Jobs
) -> None:
    uploaded = (await client.post("/v2/upload", content=b"speech")).json()
    request = {"audio_url": uploaded["upload_url"]}
    for _ in range(2):
        refused = await client.post("/v2/transcript", json=request)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
    jobs.put(job(0, status="error"))
    assert (await client.post("/v2/transcript", json=request)).status_code == 200


async def test_an_upload_for_which_the_disk_has_no_space_may_come_again(tmp_path: Path) -> None:
    full = Scratch(tmp_path / "scratch", free_bytes_min=1 << 60)
    async with serving(full, tmp_path / "scratch", Jobs()) as client:
        refused = await client.post("/v2/upload", content=b"speech")
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert "no space" in refused.json()["error"]
