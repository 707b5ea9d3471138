"""The simulated AIMLAPI answers as the real one is documented to, on good days and on bad ones."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from hashlib import sha256

import httpx
import pytest

from stenolog.simulator.aimlapi.behaviour import KEPT_MS, Behaviour
from stenolog.simulator.aimlapi.days import DAYS
from stenolog.simulator.aimlapi.provider import API_KEY, AimlapiSimulator
from stenolog.wire.aimlapi.models import MODELS
from stenolog.wire.aimlapi.results import result_of

pytestmark = pytest.mark.anyio

AUDIO = "https://audio.example/1.mp3"


class Clock:
    """A clock that a test moves."""

    ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


class Bench:
    """A simulator, its clock and a client."""

    def __init__(
        self, simulator: AimlapiSimulator, clock: Clock, client: httpx.AsyncClient
    ) -> None:
        self.simulator, self.clock, self.client = simulator, clock, client

    async def create(self, model: str = "nova-3", url: str = AUDIO, **options: object) -> str:
        asked = {"model": model, "url": url, **options}
        answer = await self.client.post("/v1/stt/create", json=asked)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["generation_id"])

    async def read(self, job: str) -> httpx.Response:
        return await self.client.get(f"/v1/stt/{job}")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock = Clock()
    simulator = AimlapiSimulator(now_ms=clock)
    headers = {"authorization": f"Bearer {API_KEY}"}
    async with (
        simulator.serve() as url,
        httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client,
    ):
        yield Bench(simulator, clock, client)


@pytest.mark.parametrize("model", [*MODELS, "elevenlabs/scribe_v2"])
async def test_a_job_waits_works_and_completes_in_its_models_words(
    bench: Bench, model: str
) -> None:
    job = await bench.create(model, diarize=True, utterances=True)
    words = []
    for at_ms in (0, 50, 100):
        bench.clock.ms = 1_000_000 + at_ms
        words.append((answer := (await bench.read(job)).json())["status"])
    text_only = model.startswith(("openai/", "microsoft/"))
    waiting = ["queued", "generating"] if text_only else ["waiting", "active"]
    assert words == [*waiting, "completed"]
    assert answer["generation_id"] == job
    mapped = result_of(answer["result"])
    assert mapped.fields["text"]
    assert bool(mapped.words) != text_only


async def test_a_result_is_forgotten_after_an_hour(bench: Bench) -> None:
    job = await bench.create()
    bench.clock.ms += KEPT_MS - 1
    assert (await bench.read(job)).status_code == 200
    bench.clock.ms += 1
    gone = await bench.read(job)
    assert (gone.status_code, gone.json()["message"]) == (404, "Not found")


async def test_a_file_is_taken_in_either_field(bench: Bench) -> None:
    for field in ("audio", "file"):
        answer = await bench.client.post(
            "/v1/stt/create",
            data={"model": "#g1_whisper-large", "diarize": "true"},
            files={field: ("sample.mp3", b"ID3...", "audio/mpeg")},
        )
        assert answer.status_code == 201
        audio = bench.simulator.jobs[-1].audio
        assert (audio.field, audio.bytes_count) == (field, 6)
        assert audio.sha256 == sha256(b"ID3...").hexdigest()
        assert bench.simulator.jobs[-1].fields["diarize"] == "true"


async def test_what_is_wrong_is_told_under_message(bench: Bench) -> None:
    for asked in ({"url": AUDIO}, {"model": "nova-3"}):
        refused = await bench.client.post("/v1/stt/create", json=asked)
        assert refused.status_code == 400
        assert refused.json()["message"] == "Body validation error!"
        assert refused.json()["statusCode"] == 400
    assert (await bench.client.get("/v1/nothing")).status_code == 404
    no_key = await bench.client.get("/v1/stt/x", headers={"authorization": API_KEY})
    assert no_key.status_code == 401
    assert (await bench.client.get("/stt/x")).json()["path"] == "/stt/x"
    assert (await bench.client.post("/v1/stt/create", content=b"{")).status_code == 400


async def test_a_day_is_named_by_the_audio(bench: Bench) -> None:
    job = await bench.create(url=f"{AUDIO}?day=newer")
    bench.clock.ms += 1_000
    answer = (await bench.read(job)).json()
    assert set(answer) == {"id", "status", "output", "error"}
    with pytest.raises(httpx.RemoteProtocolError):
        await bench.create(url=f"{AUDIO}?day=lost-reply")
    assert len(bench.simulator.jobs) == 2
    refused = await bench.client.post(
        "/v1/stt/create", json={"model": "nova-3", "url": f"{AUDIO}?day=create-429"}
    )
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    await bench.create(url=f"{AUDIO}?day=create-429")


async def test_a_family_that_nobody_knows_has_a_result_of_its_own(bench: Bench) -> None:
    job = await bench.create(url=f"{AUDIO}?day=unknown-family")
    bench.clock.ms += 1_000
    result = (await bench.read(job)).json()["result"]
    assert result_of(result).family == "unknown"
    assert result["words"][0]["type"] == "word"


@pytest.mark.parametrize("name", [*DAYS])
async def test_every_day_can_be_had(bench: Bench, name: str) -> None:
    with contextlib.suppress(httpx.RemoteProtocolError):
        await bench.client.post(
            "/v1/stt/create", json={"model": "nova-3", "url": f"{AUDIO}?day={name}"}
        )
    assert bench.simulator.creates
    assert DAYS[name].says


async def test_a_failed_job_says_why(bench: Bench) -> None:
    bench.simulator.behave = lambda fields: Behaviour(run_ms=0, error="No speech.")
    answer = (await bench.read(await bench.create())).json()
    assert answer["status"] == "error"
    assert answer["error"] == {"name": "Error", "message": "No speech."}
    assert answer["result"] is None


async def test_an_outage_answers_everything(bench: Bench) -> None:
    bench.simulator.outage = DAYS["create-503"].behaviour.create_faults[0]
    assert (await bench.read("x")).status_code == 503
    await bench.simulator.refuse_connections()
    with pytest.raises(httpx.ConnectError):
        await bench.read("x")
    await bench.simulator.accept_connections()
