"""Views and index that are built again under load hold what they held: a thousand transcripts."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from infra.bench.transcripts import EVERY_FEATURE, answer
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.search.index import SEARCH
from tests.house.composed import Composed, composed
from tests.house.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.soak, pytest.mark.timeout(1_800)]

TRANSCRIPTS = 1_000
SECONDS_OF_AUDIO = (20.0, 60.0, 300.0)
LATER, COMPARED = 50, 50
REBUILT_S_MAX = 900
COUNTED = ("entities", "topics", "content-safety", "sentiment")
QUERIES = ("help", '"thank you"', "ord*")
API = "/api/v1"


async def one_more(service: Composed, number: int) -> str:
    """A transcription with everything found in it, as long as its number says."""
    asked = {name: value for name, value in EVERY_FEATURE.items() if name != "audio_url"}
    transcription_id = await service.submit(**asked)
    await service.claim(transcription_id)
    await service.accept(transcription_id, job=f"job-{number}")
    seconds = SECONDS_OF_AUDIO[number % len(SECONDS_OF_AUDIO)]
    told = json.loads(answer(f"seed-{number}", seconds, EVERY_FEATURE))
    await service.complete(transcription_id, told)
    return transcription_id


async def views_of(service: Composed, transcription_id: str) -> dict[str, Any]:
    """Every view, page by page, and the whole answer."""
    found: dict[str, Any] = {}
    for view in ITEM_VIEWS:
        pages, after = [], ""
        while True:
            path = f"{API}/transcripts/{transcription_id}/{view}?limit=200&after={after}"
            page = (await service.client.get(path)).json()
            pages.append({name: value for name, value in page.items() if name != "next"})
            if page["next"] is None:
                break
            after = page["next"]
        found[view] = pages
    body = (await service.client.get(f"/v2/transcript/{transcription_id}")).json()
    return {**found, "v2": body}


async def found_in(service: Composed) -> dict[str, Any]:
    """What is counted and found across the transcripts of those that were there first."""
    paths = [f"{API}/{name}?limit=200" for name in COUNTED]
    paths += [f"{API}/search?limit=200&q={query}" for query in QUERIES]
    return {path: (await service.client.get(path)).json()["items"] for path in paths}


async def test_what_is_built_again_under_load_is_what_was_there(tmp_path: Path) -> None:
    async with composed(tmp_path, tenant_concurrency=0) as service:
        ids = [await one_more(service, number) for number in range(TRANSCRIPTS)]
        await service.projected()
        await service.indexed()
        sample = ids[:: TRANSCRIPTS // COMPARED]
        before = {one: await views_of(service, one) for one in sample}
        counted = await found_in(service)

        async def load() -> list[str]:
            made = []
            for number in range(TRANSCRIPTS, TRANSCRIPTS + LATER):
                made.append(await one_more(service, number))
            return made

        adding = asyncio.create_task(load())
        for name in (*PROJECTIONS, SEARCH):
            path = f"{API}/projections/{name}/rebuild"
            answered = await service.client.post(path)
            assert answered.status_code == 202, answered.text
        later = await adding

        async def built() -> bool:
            page = (await service.client.get(f"{API}/projections")).json()
            return all(one["rebuilding"] is None for one in page["items"])

        await eventually(built, seconds=REBUILT_S_MAX)
        await service.projected()
        await service.indexed()
        assert {one: await views_of(service, one) for one in sample} == before
        for one in later:
            await service.client.delete(f"/v2/transcript/{one}")
        assert await found_in(service) == counted
