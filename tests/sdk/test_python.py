"""The official Python SDK, used as its documents show, with only `base_url` changed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import assemblyai as aai
import pytest

from service.simulator.provider import API_KEY
from service.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess, before, gateway
from tests.sdk.conftest import FAILED

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]


@contextmanager
def client_of(process: GatewayProcess) -> Iterator[aai.Client]:
    settings = aai.Settings(
        api_key=process.key, base_url=process.url, polling_interval=0.05, http_timeout=20
    )
    client = aai.Client(settings=settings)
    try:
        yield client
    finally:
        client.http_client.close()


def test_a_url_is_transcribed_with_speakers(simulated: GatewayProcess) -> None:
    config = aai.TranscriptionConfig(speaker_labels=True)
    with client_of(simulated) as client:
        transcript = aai.Transcriber(client=client).transcribe(
            "https://audio.example/call.mp3", config
        )
    assert transcript.status == aai.TranscriptStatus.completed
    assert transcript.text
    assert {turn.speaker for turn in transcript.utterances or ()} == {"A", "B"}
    assert transcript.audio_url == "https://audio.example/call.mp3"
    assert transcript.webhook_status_code is None


def test_intelligence_comes_back_in_the_sdks_own_types(simulated: GatewayProcess) -> None:
    config = aai.TranscriptionConfig(
        speaker_labels=True,
        auto_chapters=True,
        sentiment_analysis=True,
        entity_detection=True,
        content_safety=True,
    )
    with client_of(simulated) as client:
        transcript = aai.Transcriber(client=client).transcribe(
            "https://audio.example/rich.mp3", config
        )
    assert transcript.chapters
    assert transcript.sentiment_analysis
    assert transcript.entities is not None
    assert transcript.content_safety is not None


def test_a_failed_job_is_an_error_status_with_the_providers_sentence(
    simulated: GatewayProcess,
) -> None:
    with client_of(simulated) as client:
        transcript = aai.Transcriber(client=client).transcribe("https://audio.example/fails.mp3")
    assert transcript.status == aai.TranscriptStatus.error
    assert transcript.error == FAILED
    assert transcript.text is None


def test_a_wrong_parameter_raises_with_the_services_sentence(simulated: GatewayProcess) -> None:
    config = aai.TranscriptionConfig(speech_threshold=0.5)
    config.raw.speech_threshold = 7.0
    with (
        client_of(simulated) as client,
        pytest.raises(aai.TranscriptError, match="speech_threshold"),
    ):
        aai.Transcriber(client=client).transcribe("https://audio.example/a.mp3", config)


def test_a_wrong_key_raises(simulated: GatewayProcess) -> None:
    client = aai.Client(settings=aai.Settings(api_key="wrong", base_url=simulated.url))
    with pytest.raises(aai.TranscriptError, match="Authentication error"):
        aai.Transcriber(client=client).transcribe("https://audio.example/a.mp3")
    client.http_client.close()


def test_twenty_files_are_uploaded_and_transcribed_from_parallel_threads(
    simulated: GatewayProcess, tmp_path: Path
) -> None:
    file = tmp_path / "call.mp3"
    file.write_bytes(bytes(range(256)) * 1_000)
    with client_of(simulated) as client, ThreadPoolExecutor(8) as pool:
        transcriber = aai.Transcriber(client=client)
        found = list(pool.map(lambda _: transcriber.transcribe(str(file)), range(20)))
    assert len({transcript.id for transcript in found}) == 20
    assert {transcript.status for transcript in found} == {aai.TranscriptStatus.completed}


def test_submitted_ones_are_listed_and_got_by_id(simulated: GatewayProcess) -> None:
    with client_of(simulated) as client:
        transcriber = aai.Transcriber(client=client)
        submitted = transcriber.submit("https://audio.example/later.mp3")
        assert submitted.id
        finished = submitted.wait_for_completion()
        assert finished.status == aai.TranscriptStatus.completed
        page = transcriber.list_transcripts(aai.ListTranscriptParameters(limit=3))
    assert submitted.id in [item.id for item in page.transcripts]


def test_transcribe_completes_though_the_projector_is_two_seconds_late(
    simulator: ThreadedSimulator, tmp_path: Path
) -> None:
    settings = before(simulator.base_url, API_KEY)
    run = ("-m", "tests.sdk.slow_projector")
    with gateway(tmp_path / "data", settings, run) as process, client_of(process) as client:
        transcript = aai.Transcriber(client=client).transcribe("https://audio.example/late.mp3")
    assert transcript.status == aai.TranscriptStatus.completed
    assert transcript.text


def test_real_speech_of_two_people_from_a_file(with_engine: GatewayProcess, dialogue: Path) -> None:
    config = aai.TranscriptionConfig(speaker_labels=True)
    with client_of(with_engine) as client:
        transcript = aai.Transcriber(client=client).transcribe(str(dialogue), config)
    assert transcript.status == aai.TranscriptStatus.completed, transcript.error
    assert "do you hear me" in (transcript.text or "").lower()
    assert {turn.speaker for turn in transcript.utterances or ()} == {"A", "B"}
    assert transcript.audio_duration == 29


def test_what_the_engine_cannot_do_is_an_error_that_names_it(
    with_engine: GatewayProcess, dialogue: Path
) -> None:
    config = aai.TranscriptionConfig(auto_chapters=True)
    with client_of(with_engine) as client:
        transcript = aai.Transcriber(client=client).transcribe(str(dialogue), config)
    assert transcript.status == aai.TranscriptStatus.error
    assert "auto_chapters" in (transcript.error or "")
