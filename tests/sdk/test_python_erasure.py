"""Deleting with the official Python SDK."""

from __future__ import annotations

import assemblyai as aai
import pytest

from service.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess
from tests.sdk.test_python import client_of

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]


def assert_deleted(transcript: aai.Transcript) -> None:
    assert transcript.status == aai.TranscriptStatus.completed
    assert transcript.text == "Deleted by user."
    assert transcript.audio_url == "http://deleted_by_user"
    assert not transcript.words


def test_delete_then_get_then_delete_again(
    simulated: GatewayProcess, simulator: ThreadedSimulator
) -> None:
    with client_of(simulated) as client:
        done = aai.Transcriber(client=client).transcribe("https://audio.example/erase.mp3")
        assert done.id
        deleted = aai.Transcript.delete_by_id(done.id, client=client)
        assert_deleted(deleted)
        found = aai.Transcript.get_by_id(done.id, client=client)
        assert_deleted(found)
        assert found.audio_duration == done.audio_duration
        assert_deleted(aai.Transcript.delete_by_id(done.id, client=client))
        page = aai.Transcriber(client=client).list_transcripts()
        [listed] = [item for item in page.transcripts if item.id == done.id]
        assert listed.audio_url == "deleted_by_user"
