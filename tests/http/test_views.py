"""The views of a transcript: their filters, their formats, and what is asked for wrongly."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from stenolog.projections.of.lists import ITEM_VIEWS
from tests.house.composed import Composed
from tests.http.asking import get, refusal
from tests.http.spoken import BASE, completed
from tests.unit.projections.answers import EVERYTHING, full_answer

ASKED = {name: True for name in EVERYTHING if name != "redact_pii"}
FIELDS = {name: value for name, value in full_answer().items() if name not in ("id", "status")}


async def whole(service: Composed) -> str:
    """A transcription with every feature."""
    return f"{BASE}/{await completed(service, ASKED, **FIELDS)}"


async def test_a_filter_shows_only_what_is_asked_for(service: Composed) -> None:
    base = await whole(service)
    asked: list[tuple[str, dict[str, object], int]] = [
        ("words", {"speaker": "B"}, 12),
        ("words", {"from_ms": 600, "to_ms": 1_400}, 2),
        ("words", {"confidence_min": "0.91"}, 0),
        ("sentences", {"speaker": "A"}, 2),
        ("utterances", {"to_ms": 200}, 0),
        ("utterances", {"to_ms": 201}, 1),
        ("speakers", {"speaker": "A"}, 1),
        ("sentiment", {"sentiment": "NEUTRAL"}, 1),
        ("sentiment", {"confidence_min": "0.75"}, 1),
        ("entities", {"type": "date"}, 1),
        ("entities", {"type": "person_name"}, 0),
        ("content-safety", {"label": "health_issues"}, 1),
        ("content-safety", {"label": "health_issues", "confidence_min": ".95"}, 0),
        ("topics", {"label": "MedicalHealth"}, 1),
        ("topics", {"label": "Sports"}, 0),
        ("highlights", {"from_ms": 5_699}, 1),
        ("highlights", {"from_ms": 5_700}, 0),
        ("chapters", {"speaker": "B"}, 1),
    ]
    for view, query, expected in asked:
        page = await get(service, f"{base}/{view}", **query)
        assert len(page["items"]) == expected, (view, query)
        assert "reason" not in page
    first = await get(service, f"{base}/words", speaker="B", limit=7)
    rest = await get(service, f"{base}/words", speaker="B", limit=7, after=first["next"])
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (7, 5, None)
    [group] = (await get(service, f"{base}/entities", group="text"))["items"]
    assert group == {
        "entity_type": "date",
        "text": "Friday",
        "count": 1,
        "speakers": ["B"],
        "starts": [7_000],
    }


async def test_a_filter_that_is_wrong_is_a_problem(service: Composed) -> None:
    base = await whole(service)
    for view, query, field in [
        ("words", "from_ms=-1", "from_ms"),
        ("words", "from_ms=1.5", "from_ms"),
        ("words", "from_ms=5&to_ms=5", "to_ms"),
        ("words", "confidence_min=1.01", "confidence_min"),
        ("words", "confidence_min=nan", "confidence_min"),
        ("words", "format=pdf", "format"),
        ("chapters", "format=srt", "format"),
        ("entities", "format=txt", "format"),
        ("entities", "type=colour", "type"),
        ("entities", "group=type", "group"),
        ("sentiment", "sentiment=neutral", "sentiment"),
        ("content-safety", "label=Sports", "label"),
        ("topics", "label=Spor", "label"),
        ("words", "sentiment=NEUTRAL", "sentiment"),
        ("summary", "speaker=A", "speaker"),
    ]:
        problem = await refusal(service, "GET", f"{base}/{view}?{query}")
        assert (problem["status"], problem["errors"][0]["field"]) == (400, field), (view, query)


async def test_every_view_can_be_had_in_its_formats(service: Composed) -> None:
    base = await whole(service)

    async def text(view: str, **query: Any) -> str:
        answer = await service.client.get(f"{base}/{view}", params=query)
        assert answer.status_code == 200
        again = await service.client.get(
            f"{base}/{view}", params=query, headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        return answer.text

    for view in ITEM_VIEWS:
        rows = list(csv.DictReader(io.StringIO(await text(view, format="csv"))))
        assert len(rows) == len((await get(service, f"{base}/{view}"))["items"])
    assert "Good morning, this is the clinic. Hello," in await text("words", format="txt")
    assert (await text("utterances", format="txt")).startswith("[0:00:00] A: Good morning,")
    assert (await text("utterances", format="md")).startswith("**A** 0:00:00: Good morning,")
    assert "| A | 0:00:03, 39%, 8 words, 2 turns |" in await text("speakers", format="md")
    assert (await text("chapters", format="md")).startswith("## A caller moves an appointment\\.")
    for view in ("words", "sentences", "utterances"):
        assert (await text(view, format="srt")).startswith("1\n00:00:00,200 --> ")
        assert (await text(view, format="vtt")).startswith("WEBVTT\n\n00:00.200 --> ")
    groups = list(csv.reader(io.StringIO(await text("entities", format="csv", group="text"))))
    assert groups[1] == ["date", "Friday", "1", '["B"]', "[7000]"]


async def test_a_page_that_is_no_json_says_in_headers_what_follows(service: Composed) -> None:
    base = await whole(service)
    answer = await service.client.get(f"{base}/words?format=csv&limit=15&speaker=")
    following = answer.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    rest = await service.client.get(f"{base}/words{following}")
    assert (len(answer.text.splitlines()), len(rest.text.splitlines())) == (16, 6)
    assert "Link" not in rest.headers
    plain = f"{BASE}/{await completed(service, {})}"
    answer = await service.client.get(f"{plain}/sentiment?format=csv")
    assert answer.headers["Stenolog-Reason"] == "not_requested"
    assert answer.text.count("\n") == 1


@pytest.mark.parametrize("view", ["sentiment", "topics", "quality"])
async def test_who_analysed_it_stands_beside_the_items(service: Composed, view: str) -> None:
    page = await get(service, f"{await whole(service)}/{view}")
    assert set(page["source"]) == {"by", "method", "version"}
    assert page["source"]["by"] == ("stenolog" if view == "quality" else "provider")
