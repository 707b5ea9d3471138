"""The official Python SDK in front of the embedded engine: real speech, and what it offers."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import assemblyai as aai
import httpx
import pytest

from stenolog.intelligence.embeddings_files import wordllama_files
from tests.engine.engine_process import JOB_SECONDS_MAX, until
from tests.engine.servers import site
from tests.gateway_process import GatewayProcess
from tests.sdk.clients import client_of, settings_of

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]
COMPLETED = aai.TranscriptStatus.completed
SAID = "do you hear me"


@pytest.fixture(scope="module")
def client(with_engine: GatewayProcess) -> Iterator[aai.Client]:
    with client_of(with_engine) as client:
        yield client


@pytest.fixture(scope="module")
def heard(client: aai.Client, dialogue: Path) -> aai.Transcript:
    """The whole dialogue, with everything asked for that the engine offers."""
    config = aai.TranscriptionConfig(
        speech_models=["assemblyai-stt-3-7", "universal-2"],
        language_detection=True,
        speaker_labels=True,
        speech_threshold=0.2,
        sentiment_analysis=True,
        entity_detection=True,
        auto_chapters=True,
        auto_highlights=True,
        content_safety=True,
        content_safety_confidence=40,
        iab_categories=wordllama_files() is not None,
    )
    heard = aai.Transcriber(client=client).transcribe(str(dialogue), config)
    assert heard.status == COMPLETED, heard.error
    return heard


def test_real_speech_of_two_people_from_a_file(heard: aai.Transcript) -> None:
    assert heard.text
    assert SAID in heard.text.lower()
    assert {turn.speaker for turn in heard.utterances or ()} == {"A", "B"}
    assert heard.audio_duration == 29
    assert heard.json_response["language_code"] == "en_us"


def test_the_sentiment_of_its_sentences_is_told_with_their_speakers(heard: aai.Transcript) -> None:
    found, turns = heard.sentiment_analysis or [], heard.utterances or []
    assert " ".join(one.text for one in found) == heard.text
    assert {one.speaker for one in found} == {"A", "B"}
    for one in found:
        around = [turn for turn in turns if turn.start <= one.start and one.end <= turn.end]
        assert [turn.speaker for turn in around] == [one.speaker]


def test_what_is_redacted_is_in_no_answer(client: aai.Client, opening: Path) -> None:
    http = client.http_client
    upload = http.post("/v2/upload", content=opening.read_bytes()).json()
    asked = {
        "audio_url": upload["upload_url"],
        "redact_pii": True,
        "redact_pii_policies": ["person_name"],
        "redact_pii_audio": True,
        "redact_pii_sub": "entity_name",
        "redact_static_entities": {"PLEA": ["hear me"]},
        "custom_spelling": [{"from": ["do"], "to": "Dost"}],
        "sentiment_analysis": True,
        "auto_chapters": True,
        "auto_highlights": True,
        "speaker_labels": True,
    }
    path = f"/v2/transcript/{http.post('/v2/transcript', json=asked).json()['id']}"
    found = until(lambda: _ended(http.get(path).json()), JOB_SECONDS_MAX)
    assert found["status"] == "completed", found["error"]
    assert "Dost you [PLEA] [PLEA]" in found["text"]
    assert found["sentiment_analysis_results"][0]["text"] in found["text"]
    native = path.replace("/v2/transcript", "/api/v1/transcripts")
    shown = [path, *(f"{path}/{one}" for one in ("sentences", "paragraphs", "srt", "vtt"))]
    views = (f"{native}/{one}" for one in ("words", "utterances", "sentiment", "chapters"))
    for each in (*shown, *views):
        text = http.get(each).text
        assert "[PLEA]" in text, each
        assert "hear" not in text, each
    link = http.get(f"{path}/redacted-audio").json()
    assert link["status"] == "redacted_audio_ready"
    bleeped = httpx.get(link["redacted_audio_url"], trust_env=False)
    assert bleeped.headers["content-type"] == "audio/mpeg"
    heard = aai.Transcriber(client=client).transcribe(bleeped.content)
    assert "hear" not in (heard.text or "").lower()


def _ended(body: dict[str, Any]) -> dict[str, Any] | None:
    return body if body["status"] in ("completed", "error") else None


def test_chapters_highlights_topics_and_safety_of_real_speech(
    heard: aai.Transcript, client: aai.Client
) -> None:
    """The client checks every member; what is quoted was said, where it is said to be."""
    assert heard.text
    assert heard.chapters
    (chapter,) = heard.chapters
    assert (chapter.start, chapter.end) == (heard.words[0].start, heard.words[-1].end)
    assert chapter.headline in heard.text
    assert chapter.gist
    assert chapter.summary
    assert heard.auto_highlights
    assert heard.auto_highlights.status == aai.StatusResult.success
    times = {word.start: word for word in heard.words}
    for found in heard.auto_highlights.results or ():
        assert found.count == len(found.timestamps)
        for span in found.timestamps:
            assert times[span.start].text.lower().startswith(found.text.lower().split()[0])
            assert 0 <= span.start < span.end <= 29_000
    assert heard.content_safety
    assert heard.content_safety.status == aai.StatusResult.success
    if wordllama_files() is not None:
        assert heard.iab_categories
        assert heard.iab_categories.status == aai.StatusResult.success
        for passage in heard.iab_categories.results or ():
            assert passage.text in heard.text
    path = f"/api/v1/transcripts/{heard.id}"
    (shown,) = client.http_client.get(f"{path}/chapters").json()["items"]
    assert shown.items() >= chapter.model_dump().items()


def test_a_part_of_the_recording_is_summed_up(
    client: aai.Client, heard: aai.Transcript, dialogue: Path
) -> None:
    config = aai.TranscriptionConfig(
        audio_start_from=10_000,
        audio_end_at=20_000,
        speaker_labels=True,
        summarization=True,
        summary_model=aai.SummarizationModel.conversational,
        summary_type=aai.SummarizationType.bullets,
    )
    part = aai.Transcriber(client=client).transcribe(str(dialogue), config)
    assert part.status == COMPLETED, part.error
    assert 10_000 <= part.words[0].start < part.words[-1].end <= 20_000
    assert len(part.words) < len(heard.words)
    for line in (part.summary or "").splitlines():
        assert line.startswith("- Speaker ")
        assert line.split(": ", 1)[1] in part.text
    assert part.summary


def test_its_sentences_subtitles_and_words_are_what_was_heard(heard: aai.Transcript) -> None:
    assert heard.words
    spoken = [word.text for word in heard.words]
    sentences, paragraphs = heard.get_sentences(), heard.get_paragraphs()
    assert len(sentences) > len(paragraphs) > 0
    assert [word.text for one in sentences for word in one.words] == spoken
    assert [word.text for one in paragraphs for word in one.words] == spoken
    srt = heard.export_subtitles_srt(chars_per_caption=32)
    assert max(map(len, srt.splitlines())) <= 32
    assert heard.export_subtitles_vtt().startswith("WEBVTT\n\n00:0")
    found = {match.text: match.count for match in heard.word_search(["hear", "hear me", "foo"])}
    assert found["hear"] == found["hear me"] >= 2
    assert not found.get("foo")


def test_url_path_bytes_and_file_are_heard_in_parallel_listed_and_deleted(
    client: aai.Client, opening: Path
) -> None:
    transcriber, content = aai.Transcriber(client=client), opening.read_bytes()
    with opening.open("rb") as file, site() as web, ThreadPoolExecutor(4) as pool:
        web.pages["/opening.wav"] = (200, {"content-type": "audio/wav"}, content)
        given = [f"{web.url}/opening.wav", str(opening), content, file]
        heard = list(pool.map(transcriber.transcribe, given))
    assert {one.status for one in heard} == {COMPLETED}, [one.error for one in heard]
    assert SAID in heard[0].text.lower()
    assert {one.text for one in heard} == {heard[0].text}
    listed = transcriber.list_transcripts(aai.ListTranscriptParameters(limit=4))
    assert {item.id for item in listed.transcripts} == {one.id for one in heard}
    path = f"/v2/transcript/{heard[0].id}"
    assert client.http_client.delete(path).json()["text"] == "Deleted by user."
    gone = client.http_client.get(path).json()
    assert (gone["text"], gone["words"]) == ("Deleted by user.", None)


def test_half_a_recording_is_transcribed_and_the_native_view_and_the_log_say_so(
    client: aai.Client, with_engine: GatewayProcess, opening: Path
) -> None:
    content = opening.read_bytes()
    heard = aai.Transcriber(client=client).transcribe(content[: len(content) // 2])
    assert heard.status == COMPLETED, heard.error
    assert heard.json_response is not None
    assert "stenolog" not in heard.json_response
    shown = client.http_client.get(f"/api/v1/transcripts/{heard.id}").json()
    assert [one["code"] for one in shown["warnings"]] == ["cut-short"]
    assert "of the declared 5.0 seconds could be decoded" in shown["warnings"][0]["message"]
    assert (shown["audio"]["container"], shown["audio"]["declared_ms"]) == ("wav", 5_000)
    assert "engine.audio_doubtful" in with_engine.said


async def test_the_async_client_hears_the_same(with_engine: GatewayProcess, opening: Path) -> None:
    content = await to_thread(opening.read_bytes)
    async with aai.AsyncClient(settings=settings_of(with_engine)) as client:
        heard = await aai.AsyncTranscriber(client=client).transcribe(content)
    assert heard.status == COMPLETED, heard.error
    assert SAID in (heard.text or "").lower()


def test_too_little_speech_is_an_error_with_the_documented_sentence(
    client: aai.Client, dialogue: Path
) -> None:
    config = aai.TranscriptionConfig(speech_threshold=0.999)
    found = aai.Transcriber(client=client).transcribe(str(dialogue), config)
    assert found.status == aai.TranscriptStatus.error
    assert "below the requested speech threshold value 0.999" in (found.error or "")
    assert found.text is None


def test_why_audio_cannot_be_transcribed_is_said(client: aai.Client) -> None:
    transcriber = aai.Transcriber(client=client)
    with site() as ended:
        pass  # nobody listens there any more
    with site() as web:
        web.pages["/page.mp3"] = (200, {"content-type": "audio/mpeg"}, b"<html>Log in</html>")
        given = [f"{web.url}/page.mp3", f"{web.url}/nothing.mp3", f"{ended.url}/a.mp3"]
        failed = transcriber.transcribe_group(given)
    by_url = {one.audio_url: str(one.error) for one in failed}
    assert {one.status for one in failed} == {aai.TranscriptStatus.error}
    assert "File type is text/html" in by_url[given[0]]
    assert "404 Client Error" in by_url[given[1]]
    assert by_url[given[2]].startswith(f"Download error, unable to download {given[2]}")


def test_all_that_the_engine_cannot_do_is_refused_at_once_by_name(client: aai.Client) -> None:
    config = aai.TranscriptionConfig(prompt="A call.", temperature=0.5)
    with pytest.raises(aai.AssemblyAIError) as refused:
        aai.Transcriber(client=client).submit("https://audio.example/a.mp3", config)
    assert refused.value.status_code == 400
    for name in ("prompt", "temperature"):
        assert f"{name} is not supported by the embedded engine" in str(refused.value)
