"""The page of a transcript over HTTP: who gets it, when, and with what policy."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from stenolog.edge.native.report import AUDIO_BYTES_MAX
from stenolog.edge.native.whole_views import WholeViews
from stenolog.edge.report.page import AUDIO_PLACE, content_security_policy
from stenolog.edge.report.reading import ViewItems
from tests.house.composed import Composed
from tests.http.asking import refusal
from tests.http.spoken import BASE, CHAPTER, SAFETY, TURNS, URL, WORDS, answer_of, completed

ALL = {
    "speaker_labels": True,
    "auto_chapters": True,
    "sentiment_analysis": True,
    "entity_detection": True,
    "content_safety": True,
}
SENTENCE = {
    "text": "word0 word1 word2",
    "start": 0,
    "end": 290,
    "sentiment": "NEGATIVE",
    "confidence": 0.9,
    "speaker": "A",
}
NAME = {"entity_type": "person_name", "text": "word7", "start": 700, "end": 790}
FOUND = {
    "chapters": [CHAPTER],
    "sentiment_analysis_results": [SENTENCE],
    "entities": [NAME],
    "content_safety_labels": SAFETY,
}


async def test_the_page_shows_what_was_found_and_is_told_apart_by_its_tag(
    service: Composed,
) -> None:
    transcription_id = await completed(service, ALL, **FOUND)
    path = f"{BASE}/{transcription_id}/report"
    answer = await service.client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert policy == f"{content_security_policy()}; frame-ancestors 'none'"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    for shown in ("Fire!", "Speaker A", "person name", '<mark title="person name"', "(negative)"):
        assert shown in answer.text
    again = await service.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await service.client.head(path)).status_code == 200


async def test_an_uploaded_recording_is_played_in_the_page(service: Composed) -> None:
    wav = b"RIFF\x24\0\0\0WAVEfmt " + bytes(range(256)) * 40
    page = await page_with(service, wav)
    [played] = re.findall(r'<audio [^>]*src="data:audio/wav;base64,([^"]*)"></audio>', page)
    assert base64.b64decode(played) == wav
    assert AUDIO_PLACE not in page
    for without in (
        await page_with(service, wav, query="?audio=false"),
        await page_with(service, wav, redact_pii=True, redact_pii_policies=["date"]),
        await page_with(service, b"what no browser plays"),
        await page_with(service, wav + bytes(AUDIO_BYTES_MAX)),
    ):
        assert "<audio" not in without
        assert AUDIO_PLACE in without
    transcription_id = await completed(service, {})
    problem = await refusal(service, "GET", f"{BASE}/{transcription_id}/report?audio=yes")
    assert (problem["status"], problem["errors"][0]["field"]) == (400, "audio")


async def page_with(service: Composed, content: bytes, query: str = "", **params: Any) -> str:
    """The page of a transcript of an upload."""
    stored = await service.client.post("/v2/upload", content=content)
    audio_url = stored.json()["upload_url"]
    transcription_id, registration = await service.submitted(audio_url=audio_url, **params)
    await service.call_back(registration)
    await service.complete(transcription_id, answer_of())
    await service.projected()
    answer = await service.client.get(f"{BASE}/{transcription_id}/report{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_transcript_without_speakers_has_a_page_too(service: Composed) -> None:
    words = [{**word, "speaker": None} for word in WORDS]
    transcription_id = await completed(service, {}, words=words, utterances=None)
    page = (await service.client.get(f"{BASE}/{transcription_id}/report")).text
    assert " ".join(str(word["text"]) for word in WORDS) in page
    assert "Speaker" not in page


async def test_an_open_or_a_deleted_transcript_has_no_page(service: Composed) -> None:
    waiting, _ = await service.submitted(audio_url=URL)
    problem = await refusal(service, "GET", f"{BASE}/{waiting}/report")
    assert (problem["status"], "once it is completed" in problem["detail"]) == (400, True)
    transcription_id = await completed(service, ALL, **FOUND)
    path = f"{BASE}/{transcription_id}"
    assert (await service.client.delete(path)).status_code == 200
    problem = await refusal(service, "GET", f"{path}/report")
    assert (problem["status"], "deleted" in problem["detail"]) == (410, True)
    stranger = await service.new_key("other", "transcripts:read")
    answer = await service.client.get(f"{path}/report", headers={"Authorization": stranger})
    assert answer.status_code == 404


@pytest.mark.parametrize("bounds", [{"items_max": 1}, {"bytes_max": 100}])
async def test_what_is_too_long_is_cut_and_that_is_said(
    service: Composed, bounds: dict[str, int]
) -> None:
    transcription_id = await completed(service, ALL, **FOUND)
    whole, left_out = await WholeViews(service.views).read(transcription_id)
    assert (len(whole["utterances"].items), left_out) == (len(TURNS), False)
    some, left_out = await WholeViews(service.views, **bounds).read(transcription_id)
    assert left_out
    assert sum(map(_size, some.values())) < sum(map(_size, whole.values()))


def _size(view: ViewItems) -> int:
    return len(view.items)


async def test_a_redacted_transcript_shows_only_what_was_redacted(service: Composed) -> None:
    """Also where the provider's own findings repeat what was said."""
    words = [{**word, "text": "####" if at == 7 else word["text"]} for at, word in enumerate(WORDS)]
    turns = [{**turn, "text": str(turn["text"]).replace("word7", "####")} for turn in TURNS]
    times = {"start": 600, "end": 890}
    quoted = "word6 word7 word8"
    label = {"label": "profanity", "confidence": 0.9, "severity": 0.1}
    found: dict[str, Any] = {
        "chapters": [{**times, "gist": "word7", "headline": quoted, "summary": quoted}],
        "sentiment_analysis_results": [{**SENTENCE, **times, "text": quoted, "speaker": "B"}],
        "entities": [NAME],
        "content_safety_labels": {
            "status": "success",
            "results": [{"text": quoted, "labels": [label], "timestamp": times}],
        },
    }
    asked = {"redact_pii": True, "redact_pii_policies": ["person_name"], "redact_pii_sub": "hash"}
    transcription_id = await completed(
        service, {**ALL, **asked}, words=words, utterances=turns, **found
    )
    page = (await service.client.get(f"{BASE}/{transcription_id}/report")).text
    assert "word7" not in page
    assert "word6 #### word8" in page
    assert "<dd><bdi>redacted</bdi></dd>" in page
