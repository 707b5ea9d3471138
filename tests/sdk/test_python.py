"""The official Python SDK, used as its documents show, with only `base_url` changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import assemblyai as aai
import pytest

from stenolog.simulator.assemblyai.provider import API_KEY
from stenolog.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess, before, gateway
from tests.sdk.clients import client_of
from tests.sdk.conftest import FAILED

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]


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
    simulated: GatewayProcess, recording: Path
) -> None:
    with client_of(simulated) as client, ThreadPoolExecutor(20) as pool:
        transcriber = aai.Transcriber(client=client)
        found = list(pool.map(lambda _: transcriber.transcribe(str(recording)), range(20)))
    assert len({transcript.id for transcript in found}) == 20
    assert len({transcript.audio_url for transcript in found}) == 20
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
