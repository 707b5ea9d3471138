"""A list can be narrowed to the transcriptions of one subject."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house.composed import Composed, composed
from tests.http.asking import pages, refusal
from tests.search.said import done

pytestmark = pytest.mark.anyio

LIST = "/api/v1/transcripts"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path) as running:
        yield running


async def listed(service: Composed, **query: str) -> list[str]:
    return [one["id"] for one in await pages(service, LIST, 1, **query)]


async def test_a_subjects_transcriptions_are_listed_alone(service: Composed) -> None:
    one = await done(service, subject="ann", text="a")
    await done(service, subject="ben", text="b")
    two = await service.client.post(
        LIST,
        json={"audio_url": "https://audio.example/x.mp3", "subject": "ann", "metadata": {"a": 1}},
    )
    await service.projected()
    assert await listed(service, subject="ann") == [two.json()["id"], one]
    assert await listed(service, subject="ann", status="completed") == [one]
    assert await listed(service, subject="An") == []
    assert len(await listed(service, subject="")) == 3
    headers = {"Authorization": await service.new_key("acme")}
    other = await service.client.get(f"{LIST}?subject=ann", headers=headers)
    assert other.json() == {"items": [], "next": None}
    await service.client.delete(f"{LIST}/{one}")
    assert await listed(service, subject="ann") == [two.json()["id"]]


async def test_those_with_some_metadata_are_listed_alone(service: Composed) -> None:
    sales = '{"team": "sales", "n": 1}'
    one = await done(service, subject="ann", metadata=sales, text="a")
    two = await done(service, metadata='{"team": "care"}', text="b")
    three = await done(service, metadata=sales, text="c")
    await done(service, text="d")
    await service.projected()
    assert await listed(service, metadata='{"team": "sales"}') == [three, one]
    assert await listed(service, metadata='{"team": "sales"}', subject="ann") == [one]
    assert await listed(service, metadata='{"team": "care"}') == [two]
    assert await listed(service, metadata='{"team": "care", "n": 1}') == []
    headers = {"Authorization": await service.new_key("acme")}
    other = await service.client.get(LIST, params={"metadata": sales}, headers=headers)
    assert other.json() == {"items": [], "next": None}


async def test_a_subject_that_none_can_be_is_refused(service: Composed) -> None:
    problem = await refusal(service, "GET", f"{LIST}?status=x&metadata=1&subject=" + "x" * 257)
    assert problem["status"] == 400
    assert [one["field"] for one in problem["errors"]] == ["status", "subject", "metadata"]
