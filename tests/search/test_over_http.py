"""GET /api/v1/search answers its own tenant, page by page, and refuses with a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.house.composed import Composed, composed
from tests.http.asking import get, refusal
from tests.search.said import done

pytestmark = pytest.mark.anyio

SEARCH = "/api/v1/search"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path) as running:
        yield running


async def search(service: Composed, **query: str) -> list[dict[str, Any]]:
    """Every item, page by page."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = await service.client.get(SEARCH, params={"limit": "2", **query, **after})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


async def test_a_passage_is_shown_with_its_place_and_what_was_found(service: Composed) -> None:
    turn = {"speaker": "B", "start": 1_500, "end": 4_200, "text": "My café refund!", "words": []}
    one = await done(service, text="My café refund!", utterances=[turn])
    await service.indexed()
    assert await search(service, q="refund CAFE") == [
        {
            "transcript_id": one,
            "start": 1_500,
            "end": 4_200,
            "speaker": "B",
            "snippet": "My café refund!",
            "marks": [[3, 7], [8, 14]],
            "rank": 0.5,
        }
    ]


async def test_filters_and_pages(service: Composed) -> None:
    turns = [
        {"speaker": "AB"[at % 2], "start": at, "end": at + 1, "text": "a refund", "words": []}
        for at in range(5)
    ]
    one = await done(service, utterances=turns)
    labels = '{"team": "sales", "deep": {"b": [1, null], "a": 2}}'
    two = await done(service, subject="ann", metadata=labels, utterances=turns[:1])
    await service.indexed()
    assert [item["transcript_id"] for item in await search(service, q="refund")] == [two] + [
        one
    ] * 5
    assert [item["start"] for item in await search(service, q="refund", speaker="B")] == [1, 3]
    assert len(await search(service, q="refund", subject="ann")) == 1
    for members in ('{"team":"sales"}', '{"deep": {"a": 2, "b": [1, null]}, "team": "sales"}'):
        assert len(await search(service, q="refund", metadata=members)) == 1
    assert await search(service, q="refund", metadata='{"team": "care"}') == []
    created = (await get(service, f"/api/v1/transcripts/{two}"))["created_at"]
    assert len(await search(service, q="refund", **{"from": created})) == 1
    assert len(await search(service, q="refund", to=created)) == 6
    assert await search(service, q="refund", to="2020-01-01T00:00:00+02:00") == []


async def test_another_tenant_finds_nothing_of_it(service: Composed) -> None:
    await done(service, text="a refund")
    await service.indexed()
    headers = {"Authorization": await service.new_key("acme")}
    answer = await service.client.get(SEARCH, params={"q": "refund"}, headers=headers)
    assert answer.json() == {"items": [], "next": None}


async def test_until_it_is_filled_it_says_so(service: Composed) -> None:
    await service.stand_still()
    await service.search.begin(until=1_000)
    problem = await refusal(service, "GET", f"{SEARCH}?q=refund")
    assert (problem["status"], problem["type"]) == (503, "/docs/errors#search-not-ready")
    assert "is being filled" in problem["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "q"),
        ("q=%22open", "q"),
        ("q=*", "q"),
        ("q=refund&limit=0", "limit"),
        ("q=refund&after=x", "after"),
        ("q=refund&after=" + "A" * 55, "after"),
        ("q=refund&from=yesterday", "from"),
        ("q=refund&to=2026-11-30", "to"),
        ("q=refund&to=2026-13-30T00:00:00Z", "to"),
        ("q=refund&from=0001-01-01T00:00:00%2B14:00", "from"),
        ("q=refund&speaker=" + "x" * 129, "speaker"),
        ("q=refund&subject=" + "x" * 257, "subject"),
        ("q=refund&metadata=sales", "metadata"),
        ("q=refund&metadata={}", "metadata"),
        ("q=refund&metadata=%5B1%5D", "metadata"),
        ("q=refund&metadata=%FF", "metadata"),
        ("q=refund&speakr=A", "speakr"),
    ],
)
async def test_what_is_wrong_is_named(service: Composed, query: str, field: str) -> None:
    problem = await refusal(service, "GET", f"{SEARCH}?{query}")
    assert problem["status"] == 400
    assert problem["errors"][0]["field"] == field


async def test_a_search_needs_its_scope(service: Composed) -> None:
    headers = {"Authorization": await service.new_key("acme", "events:read")}
    problem = await refusal(service, "GET", f"{SEARCH}?q=refund", headers=headers)
    assert problem["status"] == 403


async def test_whatever_is_asked_is_answered_or_refused(service: Composed) -> None:
    await done(service, text='Anything: "quoted" AND NEAR(x) 東京')
    await service.indexed()
    typed = st.text(
        st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('a "*“”東-:(){}^+')),
        min_size=1,
        max_size=30,
    )
    queries: list[str] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(typed)
    def collect(query: str) -> None:
        queries.append(query)

    collect()
    for query in queries:
        answer = await service.client.get(SEARCH, params={"q": query})
        assert answer.status_code in (200, 400), query
