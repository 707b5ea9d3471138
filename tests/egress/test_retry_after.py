"""When a server asks us to come back."""

from __future__ import annotations

import pytest

from stenolog.egress.retry_after import RETRY_AFTER_MS_MAX, date_ms, retry_after_ms

NOW_MS = 1_700_000_000_000  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("7", 7_000),
        (" 7 ", 7_000),
        ("99999999999999999999", RETRY_AFTER_MS_MAX),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10_000),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_MS_MAX),
        ("Tue, 14 Nov 2023 22:13:30 -0000", 10_000),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
    ],
)
def test_seconds_and_dates_are_read_within_bounds(text: str, expected: int | None) -> None:
    assert retry_after_ms({"retry-after": text}, NOW_MS) == expected


def test_an_answer_without_the_header_says_nothing() -> None:
    assert retry_after_ms({}, NOW_MS) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"date": "Tue, 14 Nov 2023 22:13:20 GMT"}, NOW_MS),
        ({"date": "today"}, None),
        ({"date": "1700000000"}, None),
        ({}, None),
    ],
)
def test_the_servers_own_time_is_read(headers: dict[str, str], expected: int | None) -> None:
    assert date_ms(headers) == expected
