"""The Python SDK's default client, as its documents use it: only key and address are set."""

from __future__ import annotations

from collections.abc import Iterator

import assemblyai as aai
import pytest

from tests.gateway_process import GatewayProcess

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]


@pytest.fixture(scope="module")
def default_client(simulated: GatewayProcess) -> Iterator[aai.Client]:
    """The client that is used where none is given: only key and base URL are set."""
    before = (aai.settings.api_key, aai.settings.base_url, aai.settings.polling_interval)
    aai.settings.api_key, aai.settings.base_url = simulated.key, simulated.url
    aai.settings.polling_interval = 0.05
    client = aai.Client.get_default()
    try:
        yield client
    finally:
        aai.settings.api_key, aai.settings.base_url, aai.settings.polling_interval = before
        client.http_client.close()


def assert_deleted(transcript: aai.Transcript) -> None:
    assert transcript.status == aai.TranscriptStatus.completed
    assert transcript.text == "Deleted by user."
    assert transcript.audio_url == "http://deleted_by_user"
    assert not transcript.words


def test_delete_then_get_then_delete_again(default_client: aai.Client) -> None:
    done = aai.Transcriber().transcribe("https://audio.example/erase.mp3")
    assert done.id
    assert done.words
    assert_deleted(aai.Transcript.delete_by_id(done.id))
    found = aai.Transcript.get_by_id(done.id)
    assert_deleted(found)
    assert found.audio_duration == done.audio_duration
    assert_deleted(aai.Transcript.delete_by_id(done.id))
    page = aai.Transcriber().list_transcripts()
    [listed] = [item for item in page.transcripts if item.id == done.id]
    assert listed.audio_url == "deleted_by_user"


def test_an_unknown_id_raises(default_client: aai.Client) -> None:
    with pytest.raises(aai.TranscriptError, match="not found"):
        aai.Transcript.delete_by_id("11111111-2222-4333-8444-555555555555")


def test_transcripts_are_got_again_by_their_ids(default_client: aai.Client) -> None:
    done = [aai.Transcriber().transcribe(f"https://audio.example/{n}.mp3") for n in range(2)]
    ids = [str(one.id) for one in done]
    assert aai.Transcript.get_by_id(ids[0]).text == done[0].text
    assert aai.Transcript.get_by_id_async(ids[1]).result(timeout=20).text == done[1].text
    texts = {one.text for one in done}
    group = aai.TranscriptGroup.get_by_ids(ids)
    assert group.status == aai.TranscriptStatus.completed
    assert {one.text for one in group} == texts
    later = aai.TranscriptGroup.get_by_ids_async(ids).result(timeout=20)
    assert {one.text for one in later} == texts
