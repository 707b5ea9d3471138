"""What the official Python SDK makes of a finished transcript."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import assemblyai as aai
import httpx
import pytest

from stenolog.simulator.assemblyai.behaviour import Fault
from stenolog.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess
from tests.sdk.clients import client_of

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]


@contextmanager
def transcribed(process: GatewayProcess, **wishes: bool) -> Iterator[aai.Transcript]:
    config = aai.TranscriptionConfig(**wishes)
    with client_of(process) as client:
        yield aai.Transcriber(client=client).transcribe("https://audio.example/d.mp3", config)


def test_sentences_and_paragraphs_hold_all_words(simulated: GatewayProcess) -> None:
    with transcribed(simulated, speaker_labels=True) as transcript:
        sentences, paragraphs = transcript.get_sentences(), transcript.get_paragraphs()
    assert transcript.words
    spoken = [word.text for word in transcript.words]
    assert [word.text for sentence in sentences for word in sentence.words] == spoken
    assert [word.text for paragraph in paragraphs for word in paragraph.words] == spoken
    assert " ".join(sentence.text for sentence in sentences) == transcript.text
    assert {sentence.speaker for sentence in sentences} == {"A", "B"}


def test_subtitles_are_as_wide_as_asked(simulated: GatewayProcess) -> None:
    with transcribed(simulated) as transcript:
        narrow = transcript.export_subtitles_srt(chars_per_caption=32)
        wide, vtt = transcript.export_subtitles_srt(), transcript.export_subtitles_vtt()
    assert max(map(len, narrow.splitlines())) <= 32
    assert wide.startswith("1\n00:00:0")
    assert narrow.count(" --> ") > wide.count(" --> ") == vtt.count(" --> ")
    assert vtt.startswith("WEBVTT\n\n00:0")


def test_words_are_found_where_they_are_said(simulated: GatewayProcess) -> None:
    with transcribed(simulated) as transcript:
        assert transcript.words
        first = transcript.words[0]
        found = transcript.word_search([first.text, "neversaid"])
    assert [match.text for match in found] == [first.text.lower().strip(".,?!")]
    assert (first.start, first.end) in found[0].timestamps
    assert 0 in found[0].indexes
    assert found[0].count == len(found[0].indexes)


def test_redacted_audio_is_downloaded_without_the_key(
    simulated: GatewayProcess, tmp_path: Path
) -> None:
    config = aai.TranscriptionConfig().set_redact_pii(
        policies=[aai.PIIRedactionPolicy.phone_number], redact_audio=True
    )
    file = tmp_path / "redacted.wav"
    with client_of(simulated) as client:
        transcriber = aai.Transcriber(client=client)
        transcript = transcriber.transcribe("https://audio.example/pii.mp3", config)
        url = transcript.get_redacted_audio_url()
        transcript.save_redacted_audio(str(file))
    assert url.startswith(f"{simulated.url}/redacted-audio/")
    assert file.read_bytes().startswith(b"RIFF")


def test_redacted_audio_while_its_provider_is_out_is_503_and_when_it_is_gone_400(
    simulated: GatewayProcess, simulator: ThreadedSimulator
) -> None:
    config = aai.TranscriptionConfig().set_redact_pii(
        policies=[aai.PIIRedactionPolicy.phone_number], redact_audio=True
    )
    with client_of(simulated) as client:
        transcript = aai.Transcriber(client=client).transcribe(
            "https://audio.example/out.mp3", config
        )
        ask = f"{simulated.url}/v2/transcript/{transcript.id}/redacted-audio"
        link = httpx.get(ask, headers={"Authorization": simulated.key}).json()["redacted_audio_url"]
        simulator.simulator.outage = Fault(status=500)
        try:
            out = httpx.get(ask, headers={"Authorization": simulated.key})
            assert (out.status_code, httpx.get(link).status_code) == (503, 503)
            assert out.headers["Retry-After"]
        finally:
            simulator.simulator.outage = None
        for job in simulator.simulator.jobs:
            job.deleted = True
        gone = httpx.get(ask, headers={"Authorization": simulated.key})
        assert (gone.status_code, httpx.get(link).status_code) == (400, 400)
