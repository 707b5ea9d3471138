"""OpenAI's official Python client, with nothing changed but key and address."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from stenolog.wire.openai.models import MODELS
from tests.engine.engine_process import until
from tests.gateway_process import GatewayProcess, before, gateway

openai = pytest.importorskip("openai", reason="the package openai is not here: `make dev`")
pytestmark = pytest.mark.xdist_group("sdk")
AUDIO = ("call.mp3", bytes(range(256)) * 100)
WAIT_S = 30


def client_of(process: GatewayProcess, **how: Any) -> Any:
    return openai.OpenAI(base_url=f"{process.url}/v1", api_key=process.key, **how)


@pytest.fixture(scope="module")
def client(simulated: GatewayProcess) -> Iterator[Any]:
    with closing(client_of(simulated)) as client:
        yield client


def test_every_format_is_read_by_the_client(client: Any) -> None:
    def asked(**how: Any) -> Any:
        return client.audio.transcriptions.create(file=AUDIO, **{"model": "whisper-1", **how})

    plain = asked()
    assert (bool(plain.text), plain.usage.seconds > 0) == (True, True)
    assert asked(response_format="text").endswith("\n")
    assert asked(response_format="srt").startswith("1\n00:00:0")
    assert asked(response_format="vtt").startswith("WEBVTT\n\n00:0")
    both: Any = ["word", "segment"]
    verbose = asked(response_format="verbose_json", timestamp_granularities=both)
    said = verbose.text
    assert (bool(said), verbose.language) == (True, "english")
    assert "".join(one.text for one in verbose.segments).split() == said.split()
    assert verbose.segments[0].avg_logprob < 0 < verbose.segments[0].compression_ratio
    assert [one.word for one in verbose.words] == said.split()
    assert 0 <= verbose.words[0].start < verbose.words[-1].end <= verbose.duration
    speakers = asked(model="gpt-4o-transcribe-diarize", response_format="diarized_json")
    assert {one.speaker for one in speakers.segments} == {"A", "B"}
    told = [*asked(model="gpt-4o-transcribe", stream=True)]
    assert [one.type for one in told] == ["transcript.text.delta", "transcript.text.done"]
    assert told[0].delta == told[-1].text


def test_models_are_listed_and_shown(client: Any) -> None:
    assert [one.id for one in client.models.list()] == [*MODELS]
    assert client.models.retrieve("whisper-1").id == "whisper-1"


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # OpenAI's own models end
def test_refusals_are_the_clients_own_errors(simulated: GatewayProcess, client: Any) -> None:
    asked = client.audio.transcriptions.create
    with pytest.raises(openai.BadRequestError, match="response_format must be one of") as raised:
        asked(file=AUDIO, model="whisper-1", response_format="xml")
    assert (raised.value.param, raised.value.type) == ("response_format", "invalid_request_error")
    assert raised.value.request_id
    with pytest.raises(openai.BadRequestError, match="Translation is not done here"):
        client.audio.translations.create(file=AUDIO, model="whisper-1")
    stranger = openai.OpenAI(base_url=f"{simulated.url}/v1", api_key="sk-of-openai")
    with closing(stranger), pytest.raises(openai.AuthenticationError) as unknown:
        stranger.audio.transcriptions.create(file=AUDIO, model="whisper-1")
    assert unknown.value.code == "invalid_api_key"


async def test_the_async_client_gets_the_id_of_the_transcription(simulated: GatewayProcess) -> None:
    where = {"base_url": f"{simulated.url}/v1", "api_key": simulated.key}
    async with openai.AsyncOpenAI(**where) as client:
        raw = await client.audio.transcriptions.with_raw_response.create(
            file=AUDIO, model="gpt-transcribe", language="en"
        )
        assert raw.parse().languages[0].code == "en"
    path = f"/api/v1/transcripts/{raw.headers['Stenolog-Transcription-Id']}"
    async with httpx.AsyncClient(base_url=simulated.url, trust_env=False) as native:
        shown = await native.get(path, headers={"Authorization": simulated.key})
    assert shown.json()["text"] == raw.parse().text


def test_the_engine_hears_real_speech(with_engine: GatewayProcess, opening: Path) -> None:
    with closing(client_of(with_engine)) as client, opening.open("rb") as file:
        heard = client.audio.transcriptions.create(
            file=file,
            model="whisper-1",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
    assert "do you hear me" in heard.text.lower()
    assert (heard.duration, heard.language) == (5, "english")
    assert [one.word for one in heard.words] == heard.text.split()


def test_what_a_killed_gateway_was_asked_goes_on_and_is_found(tmp_path: Path) -> None:
    running = ThreadedSimulator(Simulator(behave=lambda body: Behaviour(run_ms=500)))
    with running as address, ThreadPoolExecutor(1) as waiting:
        settings = before(address, API_KEY, SETTLE_MS="300")  # a lost answer is looked for soon
        process = GatewayProcess(tmp_path, settings).start()
        client = client_of(process, max_retries=0)
        call = waiting.submit(
            client.audio.transcriptions.create, file=AUDIO, model="whisper-1", timeout=WAIT_S
        )
        until(lambda: running.simulator.jobs or None, WAIT_S)
        process.kill()
        with pytest.raises(openai.APIConnectionError):
            call.result()
        client.close()
        with gateway(tmp_path, settings) as process:
            found = until(lambda: ended(process), WAIT_S)
        assert found["status"] == "completed"
        assert len(running.simulator.jobs) == 1


def ended(process: GatewayProcess) -> dict[str, Any] | None:
    headers = {"Authorization": process.key}
    answer = httpx.get(f"{process.url}/v2/transcript", headers=headers, trust_env=False)
    (one,) = answer.json()["transcripts"]
    return one if one["status"] in ("completed", "error") else None
