"""Entities, topics, sensitive passages and sentiment are counted across a tenant's transcripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stenolog.edge.native.across import LISTS
from tests.house.composed import Composed, composed
from tests.http.asking import refusal
from tests.search.said import done
from tests.search.stored import words_left

pytestmark = pytest.mark.anyio

API = "/api/v1"
WORDS = [
    {"text": "Nell", "start": 0, "end": 90, "confidence": 0.9, "speaker": "A"},
    {"text": "Ada", "start": 100, "end": 190, "confidence": 0.9, "speaker": "B"},
]
NELL = {"entity_type": "person_name", "text": "Nell", "start": 0, "end": 90}
ADA = {"entity_type": "person_name", "text": "Ada", "start": 100, "end": 190}
PLACE = {"start": 0, "end": 90}


def block(results: list[dict[str, Any]], **summary: float) -> dict[str, Any]:
    return {"status": "success", "results": results, "summary": summary}


ONE: dict[str, Any] = {
    "words": WORDS,
    "entities": [NELL, {**NELL, "text": "nell"}, ADA],
    "iab_categories_result": block(
        [
            {
                "text": "x",
                "labels": [{"label": "Sports>Boxing", "relevance": 0.5}],
                "timestamp": PLACE,
            }
        ],
        **{"Sports>Boxing": 0.75},
    ),
    "content_safety_labels": block(
        [
            {
                "text": "x",
                "labels": [{"label": "profanity", "confidence": 0.9, "severity": 0.25}],
                "timestamp": PLACE,
            }
        ]
        * 2,
        profanity=0.9,
    ),
    "sentiment_analysis_results": [
        {"text": "x", "sentiment": kind, "confidence": 0.9, **PLACE}
        for kind in ("POSITIVE", "POSITIVE", "NEGATIVE")
    ],
}
TWO: dict[str, Any] = {
    "words": WORDS,
    "entities": [NELL],
    "iab_categories_result": block(
        [{"text": "x", "labels": [{"label": "Sports", "relevance": 0.25}], "timestamp": PLACE}]
    ),
}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path) as running:
        yield running


async def items(service: Composed, path: str, **query: str) -> list[dict[str, Any]]:
    """Every item, one a page."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = await service.client.get(f"{API}/{path}", params={"limit": "1", **query, **after})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


async def test_each_is_counted_and_leads_to_its_transcripts(service: Composed) -> None:
    one = await done(service, subject="ann", **ONE)
    two = await done(service, **TWO)
    await service.indexed()
    assert await items(service, "entities") == [
        {"entity_type": "person_name", "text": "Nell", "count": 3, "transcripts": 2},
        {"entity_type": "person_name", "text": "Ada", "count": 1, "transcripts": 1},
    ]
    assert [item["count"] for item in await items(service, "entities", text="NELL")] == [3]
    assert [item["text"] for item in await items(service, "entities", speaker="B")] == ["Ada"]
    assert await items(service, "entities", type="location") == []
    topics = await items(service, "topics")
    assert sorted(topics, key=lambda one: one["label"]) == [
        {"label": "Sports", "transcripts": 1, "relevance": 0.25},
        {"label": "Sports>Boxing", "transcripts": 1, "relevance": 0.75},
    ]
    assert len(await items(service, "topics", label="Sports")) == 2
    assert len(await items(service, "topics", label="Sports>Boxing")) == 1
    assert await items(service, "content-safety", label="profanity") == [
        {"label": "profanity", "transcripts": 1, "passages": 2, "severity_max": 0.25}
    ]
    assert await items(service, "sentiment") == [
        {"sentiment": "POSITIVE", "sentences": 2, "transcripts": 1},
        {"sentiment": "NEGATIVE", "sentences": 1, "transcripts": 1},
    ]
    assert await items(service, "entities", group="transcript", text="nell") == [
        {"transcript_id": two, "count": 1},
        {"transcript_id": one, "count": 2},
    ]
    of_ann = await items(service, "entities", group="transcript", subject="ann")
    assert of_ann == [{"transcript_id": one, "count": 3}]
    assert await items(service, "sentiment", group="transcript", sentiment="NEGATIVE") == [
        {"transcript_id": one, "count": 1}
    ]
    headers = {"Authorization": await service.new_key("acme")}
    answer = await service.client.get(f"{API}/entities", headers=headers)
    assert answer.json() == {"items": [], "next": None}


@pytest.mark.parametrize("hidden", ["[PERSON_NAME]", "####,"])
async def test_what_is_redacted_is_counted_by_its_kind_alone(
    service: Composed, tmp_path: Path, hidden: str
) -> None:
    await done(
        service,
        redact_pii=True,
        text=f"{hidden} Ada",
        words=[{**WORDS[0], "text": hidden}, WORDS[1]],
        entities=[{**NELL, "text": hidden}, {**NELL, "text": "Secretname"}, ADA],
    )
    await service.indexed()
    assert await items(service, "entities") == [
        {"entity_type": "person_name", "text": "[PERSON_NAME]", "count": 2, "transcripts": 1},
        {"entity_type": "person_name", "text": "Ada", "count": 1, "transcripts": 1},
    ]
    assert words_left(tmp_path, ["secretname"]) == []


async def test_what_is_erased_is_counted_no_more(service: Composed, tmp_path: Path) -> None:
    gone = await done(service, entities=[{**NELL, "text": "Othername"}])
    await service.indexed()
    assert [item["text"] for item in await items(service, "entities")] == ["Othername"]
    await service.client.delete(f"/v2/transcript/{gone}")
    assert await items(service, "entities") == []
    assert words_left(tmp_path, ["othername"]) == []


async def test_counts_are_narrowed_by_metadata_and_told_apart_by_their_tag(
    service: Composed,
) -> None:
    await done(service, metadata='{"team": "sales", "n": 1}', entities=[NELL])
    await done(service, metadata='{"team": "care"}', entities=[NELL])
    await service.indexed()
    assert (await items(service, "entities"))[0]["transcripts"] == 2
    for asked, count in (('{"n": 1, "team": "sales"}', 1), ('{"team": "care"}', 1)):
        assert (await items(service, "entities", metadata=asked))[0]["transcripts"] == count
    assert await items(service, "entities", metadata='{"team": "sales", "n": 2}') == []
    for path in (*(f"{API}/{one}" for one in LISTS), f"{API}/search?q=x"):
        answer = await service.client.get(path)
        headers = {"If-None-Match": answer.headers["ETag"]}
        assert (await service.client.get(path, headers=headers)).status_code == 304


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("entities?type=persn", "type"),
        ("topics?label=Nothing", "label"),
        ("content-safety?label=Nothing", "label"),
        ("sentiment?sentiment=positive", "sentiment"),
        ("entities?group=text", "group"),
        ("entities?after=x", "after"),
        ("topics?speaker=A", "speaker"),
        ("entities?text=" + "x" * 257, "text"),
    ],
)
async def test_what_is_wrong_is_named(service: Composed, query: str, field: str) -> None:
    problem = await refusal(service, "GET", f"{API}/{query}")
    assert problem["status"] == 400
    assert problem["errors"][0]["field"] == field
