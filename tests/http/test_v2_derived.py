"""Sentences, paragraphs, captions and word search, made of what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.transcript import completed_transcript
from tests.house.composed import Composed

TEXT = "Smoke is in the air. Smoke from wildfires! Dr. Who agrees."
VIEWS = ("sentences", "paragraphs", "srt", "vtt", "word-search?words=smoke")


def words_of(text: str) -> list[dict[str, Any]]:
    return [
        {"text": word, "start": at * 500, "end": at * 500 + 400, "confidence": 0.5, "speaker": "A"}
        for at, word in enumerate(text.split())
    ]


async def completed(service: Composed, **result: Any) -> str:
    params = {"audio_url": "https://audio.example/a.mp3", "speaker_labels": True}
    found = {
        "text": TEXT,
        "confidence": 0.9,
        "audio_duration": 6,
        "words": words_of(TEXT),
        "speech_model_used": "universal-2",
        **result,
    }
    transcription_id, _ = await service.submitted(speaker_labels=True)
    await service.complete(transcription_id, completed_transcript("job-1", params, found))
    await service.projected()
    return transcription_id


async def test_sentences_have_the_contracts_shape(service: Composed) -> None:
    transcription_id = await completed(service)
    body = (await service.client.get(f"/v2/transcript/{transcription_id}/sentences")).json()
    assert {name: body[name] for name in body if name != "sentences"} == {
        "id": transcription_id,
        "confidence": 0.9,
        "audio_duration": 6,
        "speech_model_used": "universal-2",
    }
    assert [one["text"] for one in body["sentences"]] == [
        "Smoke is in the air.",
        "Smoke from wildfires!",
        "Dr. Who agrees.",
    ]
    first = body["sentences"][0]
    assert {**first, "words": first["words"][:1]} == {
        "text": "Smoke is in the air.",
        "start": 0,
        "end": 2400,
        "confidence": 0.5,
        "speaker": "A",
        "words": [
            {"text": "Smoke", "start": 0, "end": 400, "confidence": 0.5, "speaker": "A"},
        ],
    }


async def test_paragraphs_name_no_speaker(service: Composed) -> None:
    transcription_id = await completed(service)
    body = (await service.client.get(f"/v2/transcript/{transcription_id}/paragraphs")).json()
    (paragraph,) = body["paragraphs"]
    assert paragraph["text"] == TEXT
    assert set(paragraph) == {"text", "start", "end", "confidence", "words"}
    assert body["id"] == transcription_id


async def test_captions_are_plain_text_of_the_asked_width(service: Composed) -> None:
    transcription_id = await completed(service)
    path = f"/v2/transcript/{transcription_id}"
    answer = await service.client.get(f"{path}/srt", params={"chars_per_caption": 20})
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("1\n00:00:00,000 --> 00:00:02,400\nSmoke is in the air.\n\n2\n")
    assert max(map(len, answer.text.splitlines()[2::4])) <= 20
    answer = await service.client.get(f"{path}/vtt", params={"chars_per_caption": ""})
    assert answer.text.startswith("WEBVTT\n\n00:00.000 --> 00:")
    assert (await service.client.head(f"{path}/vtt")).status_code == 200


@pytest.mark.parametrize(
    "query", ["words=Smoke%2Cin+the+air%2Cnever", "words=Smoke&words=in+the+air%2Cnever"]
)
async def test_word_search_tells_places_and_times(service: Composed, query: str) -> None:
    transcription_id = await completed(service)
    answer = await service.client.get(f"/v2/transcript/{transcription_id}/word-search?{query}")
    assert answer.json() == {
        "id": transcription_id,
        "total_count": 3,
        "matches": [
            {
                "text": "smoke",
                "count": 2,
                "timestamps": [[0, 400], [2500, 2900]],
                "indexes": [0, 5],
            },
            {"text": "in the air", "count": 1, "timestamps": [[1000, 2400]], "indexes": [2]},
        ],
    }


@pytest.mark.parametrize("path", ["srt?chars_per_caption=0", "vtt?chars_per_caption=wide"])
async def test_a_width_that_is_none_is_refused(service: Composed, path: str) -> None:
    transcription_id = await completed(service)
    answer = await service.client.get(f"/v2/transcript/{transcription_id}/{path}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("chars_per_caption must be an integer from 1")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "at least one word"),
        ("words=", "at least one word"),
        ("words=%2C.%2C", "at least one word"),
        ("words=&words=", "at least one word"),
        ("words=a+b+c+d+e+f", "at most 5 words"),
        ("words=" + "a%2C" * 101, "at most 100 words"),
    ],
)
async def test_a_search_for_nothing_or_too_much_is_refused(
    service: Composed, query: str, why: str
) -> None:
    transcription_id = await completed(service)
    answer = await service.client.get(f"/v2/transcript/{transcription_id}/word-search?{query}")
    assert answer.status_code == 400
    assert why in answer.json()["error"]


@pytest.mark.parametrize("view", VIEWS)
async def test_what_is_not_completed_is_refused_with_its_status(
    service: Composed, view: str
) -> None:
    transcription_id = await service.submit()
    answer = await service.client.get(f"/v2/transcript/{transcription_id}/{view}")
    assert answer.status_code == 400
    assert "has the status queued" in answer.json()["error"]
    await service.claim(transcription_id)
    await service.accept(transcription_id)
    await service.fail(transcription_id, "Audio duration is too short.")
    await service.projected()
    answer = await service.client.get(f"/v2/transcript/{transcription_id}/{view}")
    assert answer.status_code == 400
    assert "has the status error" in answer.json()["error"]


@pytest.mark.parametrize("view", VIEWS)
async def test_an_unknown_id_and_another_tenants_answer_the_same(
    service: Composed, view: str
) -> None:
    transcription_id = await completed(service)
    other = {"Authorization": await service.new_key("another")}
    nobodys = "00000000-0000-4000-8000-000000000000"
    for asked, headers in ((transcription_id, other), (nobodys, {}), ("no-id", {})):
        answer = await service.client.get(f"/v2/transcript/{asked}/{view}", headers=headers)
        assert answer.status_code == 400
        assert answer.json() == {"error": sentences.TRANSCRIPT_NOT_FOUND}


@pytest.mark.parametrize("view", VIEWS)
async def test_text_without_words_is_a_clear_refusal(service: Composed, view: str) -> None:
    transcription_id = await completed(service, words=None)
    answer = await service.client.get(f"/v2/transcript/{transcription_id}/{view}")
    assert answer.status_code == 400
    assert "no words with times" in answer.json()["error"]


async def test_silence_has_no_sentences_no_captions_and_no_matches(service: Composed) -> None:
    transcription_id = await completed(service, words=[], text="", confidence=None)
    path = f"/v2/transcript/{transcription_id}"
    found = [await service.client.get(f"{path}/{view}") for view in VIEWS]
    assert [answer.status_code for answer in found] == [200] * len(VIEWS)
    assert found[0].json()["sentences"] == found[1].json()["paragraphs"] == []
    assert found[0].json()["confidence"] == 0.0
    assert (found[2].text, found[3].text) == ("", "WEBVTT\n")
    assert found[4].json() == {"id": transcription_id, "total_count": 0, "matches": []}


async def test_what_a_provider_may_send_beyond_utf_8_and_64_bits_is_answered(
    service: Composed,
) -> None:
    words = [{"text": "a\ud800", "start": 0, "end": 1, "confidence": 1, "channel": "1"}]
    transcription_id = await completed(service, words=words, text="a", huge=2**70)
    for view in VIEWS:
        answer = await service.client.get(f"/v2/transcript/{transcription_id}/{view}")
        assert answer.status_code == 200, answer.text
    body = (await service.client.get(f"/v2/transcript/{transcription_id}/sentences")).json()
    assert body["sentences"][0]["channel"] == "1"
