"""The official Python SDK completes although the views are late."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import assemblyai
import pytest

from stenolog.wire.assemblyai.transcript import completed_transcript
from tests.house.composed import Composed
from tests.house.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the SDK's own making

URL = "https://audio.example/call.mp3"
READ = '{route="/v2/transcript/{id}",status="200"}'


@pytest.fixture
def transcriber(service: Composed) -> Iterator[assemblyai.Transcriber]:
    settings = assemblyai.Settings(api_key=service.key, base_url=service.url, polling_interval=0.02)
    client = assemblyai.Client(settings=settings)
    transcriber = assemblyai.Transcriber(client=client)
    yield transcriber
    client.http_client.close()


async def test_transcribe_completes_with_a_projector_that_is_behind(
    service: Composed, transcriber: assemblyai.Transcriber
) -> None:
    await service.stand_still()
    transcribing = asyncio.create_task(asyncio.to_thread(transcriber.transcribe, URL))

    def reads() -> float:
        return service.counted("stenolog_requests_total").get(READ, 0.0)

    await until(lambda: reads() >= 2)
    [requested] = await service.recorded()
    transcription_id = requested.stream.removeprefix("transcription-")
    await service.claim(transcription_id)
    await service.accept(transcription_id)
    answer = completed_transcript("job-1", {"audio_url": URL}, {"text": "said", "words": []})
    await service.complete(transcription_id, answer)
    seen = reads()
    await until(lambda: reads() >= seen + 2)
    assert not transcribing.done(), "an outcome that the views do not have is not shown"
    await service.follow()
    transcript = await transcribing
    assert (transcript.id, transcript.status, transcript.text) == (
        transcription_id,
        assemblyai.TranscriptStatus.completed,
        "said",
    )
