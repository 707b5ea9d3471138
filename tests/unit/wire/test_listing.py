"""Lists: what is asked for and how a page looks."""

from __future__ import annotations

from datetime import date

import assemblyai
import pytest

from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai.listing import ListItem, ListQuery, page, parse_listing

BASE = "https://stt.example/base/"


def item(name: str, status: str = "completed", error: str = "") -> ListItem:
    created = "2026-06-10T15:38:19.123723Z"
    return ListItem(
        id=name,
        status=status,
        created=created,
        completed=created if status == "completed" else None,
        audio_url="https://example.com/a.mp3",
        error=error,
    )


def test_no_query_and_empty_values_are_the_defaults() -> None:
    empty = [(name, "") for name in ("limit", "status", "created_on", "before_id", "after_id")]
    assert parse_listing([]) == parse_listing([*empty, ("throttled_only", "")]) == ListQuery()
    assert ListQuery().limit == 10


def test_a_full_query_is_read() -> None:
    pairs = [
        ("limit", "200"),
        ("status", "error"),
        ("created_on", "2026-06-10"),
        ("before_id", "b"),
        ("after_id", "a"),
        ("throttled_only", "True"),
        ("unknown", "x"),
    ]
    assert parse_listing(pairs) == ListQuery(
        limit=200,
        status="error",
        created_on=date(2026, 6, 10),
        before_id="b",
        after_id="a",
        throttled_only=True,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "1e2"),
        ("limit", "٣"),
        ("limit", "9" * 5000),
        ("status", "done"),
        ("created_on", "10.06.2026"),
        ("created_on", "2026-02-30"),
        ("created_on", "20260210"),
        ("throttled_only", "maybe"),
        ("before_id", "x" * 65),
        ("after_id", "x" * 65),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        parse_listing([(name, value)])
    assert error.value.fields[0][0] == name


def test_a_page_points_to_older_and_newer_ones_with_the_same_filters() -> None:
    query = ListQuery(limit=2, status="completed", created_on=date(2026, 6, 10), after_id="z")
    body = page([item("b"), item("a")], query=query, base_url=BASE, has_older=True, has_newer=True)
    start = "https://stt.example/base/v2/transcript?limit=2&status=completed&created_on=2026-06-10"
    assert body["page_details"] == {
        "limit": 2,
        "result_count": 2,
        "current_url": f"{start}&after_id=z",
        "prev_url": f"{start}&before_id=a",
        "next_url": f"{start}&after_id=b",
    }


def test_an_item_has_the_services_fields() -> None:
    body = page(
        [item("a"), item("b", "error", "No."), item("c", "queued")],
        query=ListQuery(),
        base_url=BASE,
        has_older=False,
        has_newer=False,
    )
    rows = body["transcripts"]
    assert isinstance(rows, list)
    assert rows[0] == {
        "id": "a",
        "resource_url": "https://stt.example/base/v2/transcript/a",
        "status": "completed",
        "created": "2026-06-10T15:38:19.123723Z",
        "completed": "2026-06-10T15:38:19.123723Z",
        "audio_url": "https://example.com/a.mp3",
        "error": "",
        "region": None,
    }
    assert (rows[1]["completed"], rows[1]["error"]) == (None, "No.")
    read = assemblyai.types.ListTranscriptResponse(**body)
    assert read.page_details.before_id_of_prev_url is None


def test_an_empty_page_leads_nowhere() -> None:
    body = page([], query=ListQuery(limit=100), base_url=BASE, has_older=True, has_newer=True)
    details = body["page_details"]
    assert isinstance(details, dict)
    assert details["result_count"] == 0
    assert details["prev_url"] is details["next_url"] is None
