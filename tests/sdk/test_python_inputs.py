"""The official Python SDK: every way to give audio, to wait, to group and to page."""

from __future__ import annotations

from asyncio import to_thread
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from time import monotonic

import assemblyai as aai
import pytest

from tests.gateway_process import GatewayProcess
from tests.sdk.clients import client_of, settings_of
from tests.sdk.conftest import FAILED

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]
URL = "https://audio.example/call.mp3"
FAILS = "https://audio.example/fails.mp3"
COMPLETED = aai.TranscriptStatus.completed
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("way", ["url", "path", "bytes", "file object", "buffer"])
def test_audio_is_transcribed_however_it_is_given(
    way: str, simulated: GatewayProcess, recording: Path
) -> None:
    with client_of(simulated) as client, recording.open("rb") as file:
        given = {
            "url": URL,
            "path": str(recording),
            "bytes": recording.read_bytes(),
            "file object": file,
            "buffer": BytesIO(recording.read_bytes()),
        }[way]
        transcript = aai.Transcriber(client=client).transcribe(given)
    assert transcript.status == COMPLETED
    assert transcript.text
    assert transcript.words
    ours = transcript.audio_url.startswith(f"{simulated.url}/")
    assert ours is (way != "url")


def test_a_file_is_uploaded_once_and_used_twice(simulated: GatewayProcess, recording: Path) -> None:
    with client_of(simulated) as client:
        transcriber = aai.Transcriber(client=client)
        url = transcriber.upload_file(str(recording))
        both = [transcriber.transcribe(url) for _ in range(2)]
    assert [one.audio_url for one in both] == [url, url]
    assert {one.status for one in both} == {COMPLETED}


def test_a_future_is_a_transcript_later(simulated: GatewayProcess) -> None:
    with client_of(simulated) as client:
        future = aai.Transcriber(client=client).transcribe_async(URL)
        assert future.result(timeout=20).status == COMPLETED


async def test_the_async_client_does_the_same(simulated: GatewayProcess, recording: Path) -> None:
    content = await to_thread(recording.read_bytes)
    async with aai.AsyncClient(settings=settings_of(simulated)) as client:
        transcriber = aai.AsyncTranscriber(client=client)
        of_file = await transcriber.transcribe(str(recording))
        of_bytes = await transcriber.transcribe(content)
        submitted = await transcriber.submit(URL)
        finished = await submitted.wait_for_completion()
        again = await transcriber.get_by_id(str(submitted.id))
        page = await transcriber.list_transcripts(aai.ListTranscriptParameters(limit=3))
        with pytest.raises(aai.TranscriptError, match="transcript id not found") as raised:
            await transcriber.get_by_id(UNKNOWN)
        assert client.last_response is not None
    assert raised.value.status_code == 400
    assert of_file.status == of_bytes.status == finished.status == COMPLETED
    assert again.text == finished.text
    assert submitted.id in [item.id for item in page.transcripts]


async def test_an_async_group_keeps_its_order(simulated: GatewayProcess) -> None:
    urls = [f"https://audio.example/{n}.mp3" for n in range(4)]
    async with aai.AsyncClient(settings=settings_of(simulated)) as client:
        group = await aai.AsyncTranscriber(client=client).transcribe_group(urls)
    assert [one.audio_url for one in group] == urls


def test_a_group_completes_and_one_failure_is_the_groups(simulated: GatewayProcess) -> None:
    urls = [URL, "https://audio.example/second.mp3"]
    with client_of(simulated) as client:
        transcriber = aai.Transcriber(client=client)
        good = transcriber.transcribe_group(urls)
        bad = transcriber.transcribe_group([URL, FAILS])
        waited = transcriber.submit_group(urls).wait_for_completion()
    assert good.status == waited.status == COMPLETED
    assert {one.audio_url for one in good} == set(urls)  # the SDK takes them as they come
    assert bad.status == aai.TranscriptStatus.error
    assert [one.error for one in bad if one.error] == [FAILED]


def test_pages_go_back_to_the_first_and_never_repeat(simulated: GatewayProcess) -> None:
    with client_of(simulated) as client:
        transcriber = aai.Transcriber(client=client)
        # A list may lag behind: it has what is finished.
        made = [transcriber.transcribe(f"https://audio.example/{n}.mp3").id for n in range(5)]
        seen: list[str] = []
        params = aai.ListTranscriptParameters(limit=2)
        page = transcriber.list_transcripts(params)
        while True:
            assert page.page_details.result_count == len(page.transcripts) <= 2
            seen += [item.id for item in page.transcripts]
            if page.page_details.before_id_of_prev_url is None or set(made) <= set(seen):
                break
            params.before_id = page.page_details.before_id_of_prev_url
            page = transcriber.list_transcripts(params)
    assert len(seen) == len(set(seen))
    assert [one for one in seen if one in made] == made[::-1]


def test_a_list_can_be_of_one_status(simulated: GatewayProcess) -> None:
    with client_of(simulated) as client:
        transcriber = aai.Transcriber(client=client)
        failed = transcriber.transcribe(FAILS)
        wanted = aai.ListTranscriptParameters(status=aai.TranscriptStatus.error, limit=200)
        page = transcriber.list_transcripts(wanted)
    assert failed.id in [item.id for item in page.transcripts]
    assert {item.status for item in page.transcripts} == {aai.TranscriptStatus.error}


def test_a_list_is_filtered_by_day_by_waiting_and_by_neighbours(simulated: GatewayProcess) -> None:
    with client_of(simulated) as client:
        transcriber = aai.Transcriber(client=client)

        def listed(**filters: object) -> list[str]:
            page = transcriber.list_transcripts(aai.ListTranscriptParameters(**filters))
            return [item.id for item in page.transcripts]

        first = str(transcriber.transcribe(URL).id)
        later = str(transcriber.transcribe(URL).id)
        today = transcriber.list_transcripts().transcripts[0].created[:10]
        assert listed(after_id=first) == [later]
        assert listed(before_id=later, limit=1) == [first]
        assert listed(created_on=today, limit=2) == [later, first]
        assert listed(created_on="1999-12-31") == listed(throttled_only=True) == []


def test_the_last_response_and_the_status_code_are_there_on_errors(
    simulated: GatewayProcess,
) -> None:
    with client_of(simulated) as client:
        transcriber = aai.Transcriber(client=client)
        assert transcriber.submit(URL).id
        assert client.last_response is not None
        assert client.last_response.status_code == 200
        with pytest.raises(aai.AssemblyAIError, match="limit") as raised:
            transcriber.list_transcripts(aai.ListTranscriptParameters(limit=100_000))
        assert raised.value.status_code == client.last_response.status_code == 400
        assert set(client.last_response.json()) == {"error"}
        with pytest.raises(aai.TranscriptError, match="Upload failed") as empty:
            transcriber.upload_file(b"")
        assert empty.value.status_code == 422


def test_a_poll_that_runs_out_of_time_names_the_transcript(simulated: GatewayProcess) -> None:
    with client_of(simulated) as client:
        submitted = aai.Transcriber(client=client).submit("https://audio.example/never.mp3")
        with pytest.raises(aai.AssemblyAIError, match=str(submitted.id)):
            submitted.wait_for_completion(poll_timeout=0.2)


def test_the_polling_interval_is_the_customers(simulated: GatewayProcess) -> None:
    with client_of(simulated) as client:
        asked_at: list[float] = []
        client.http_client.event_hooks["request"].append(lambda _: asked_at.append(monotonic()))
        client.settings.polling_interval = 0.3
        submitted = aai.Transcriber(client=client).submit("https://audio.example/never.mp3")
        with pytest.raises(aai.AssemblyAIError, match="processing"):
            submitted.wait_for_completion(poll_timeout=1.0)
    waits = [later - earlier for earlier, later in pairwise(asked_at[1:])]
    assert len(waits) >= 2
    assert min(waits) > 0.28, waits
