"""What is shown of a transcription, and tables: one line each where nobody looks."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.cli.answers import Job, checked
from stenolog.cli.following import step_of
from stenolog.cli.layout import table
from stenolog.cli.show import facts

TIME = "2026-11-30T15:03:11.000000Z"
JOB: dict[str, Any] = {
    "id": "0193a1b2-0000-7000-8000-000000000009",
    "status": "completed",
    "created_at": TIME,
    "completed_at": "2026-11-30T15:03:15.200000Z",
    "audio_url": "https://audio.example/call.mp4",
    "audio_ms": 30_000,
    "webhook": {
        "outcome": "forbidden",
        "address": "http://hooks.corp:8080",
        "setting": "STENOLOG_ALLOW_NETWORKS",
    },
    "audio": {
        "container": "mov",
        "codec": "aac",
        "channels": 2,
        "track": 2,
        "tracks": 3,
        "declared_ms": 60_000,
        "decoded_ms": 30_000,
    },
    "warnings": [
        {"code": "cut-short", "message": "half of the declared 60 minutes could be decoded"}
    ],
}


def test_what_is_known_is_shown_with_its_warnings() -> None:
    lines = [line.split(maxsplit=1) for line in facts(checked(Job, JOB))]
    assert dict(lines) == {
        "id": JOB["id"],
        "status": "completed",
        "submitted": "2026-11-30 15:03:11 UTC, took 4.2 s",
        "audio": "0:30.0 of https://audio.example/call.mp4",
        "file": "mov, aac, 2 channels, track 2 of 3, 0:30.0 of 1:00.0 decoded",
        "webhook": "forbidden (http://hooks.corp:8080); STENOLOG_ALLOW_NETWORKS would allow it",
        "warning": "half of the declared 60 minutes could be decoded",
    }


@pytest.mark.parametrize("decoded_ms", [59_999, 60_000, 59_100])
def test_a_length_that_warns_of_nothing_is_no_news(decoded_ms: int) -> None:
    audio = {**JOB["audio"], "decoded_ms": decoded_ms}
    other = [{"code": "silent", "message": "The audio is silent."}]
    lines = list(facts(checked(Job, {**JOB, "audio": audio, "warnings": other})))
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("file")] == [
        "mov, aac, 2 channels, track 2 of 3"
    ]


def test_an_address_that_is_gone_is_not_shown() -> None:
    webhook = {"outcome": "delivered", "address": None}
    job = checked(Job, JOB | {"webhook": webhook, "webhook_status_code": 200})
    assert f"{'webhook':<11}delivered: answered 200" in [line.rstrip() for line in facts(job)]


@pytest.mark.parametrize(
    ("reached", "said"),
    [
        ((), "waiting for its turn"),
        (("claimed_at",), "handing it to the provider"),
        (("claimed_at", "accepted_at"), "the embedded engine works on it"),
        (("claimed_at", "accepted_at", "called_back_at"), "fetching the result"),
    ],
)
def test_each_step_is_named(reached: tuple[str, ...], said: str) -> None:
    open_job = {"id": "t", "status": "processing", "provider": "local"}
    assert step_of(checked(Job, open_job | dict.fromkeys(reached, TIME))) == said


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        (
            {"position": 0, "expected_ms": 90_400},
            "the embedded engine works on it, about 90 s to go",
        ),
        ({"position": 3, "expected_ms": None}, "number 3 in the queue of the embedded engine"),
        (
            {"position": 1, "expected_ms": 1_500_000},
            "number 1 in the queue of the embedded engine, about 25 min to go",
        ),
        (
            {"position": 9, "expected_ms": 9_000_000},
            "number 9 in the queue of the embedded engine, about 2.5 h to go",
        ),
    ],
)
def test_a_place_in_the_queue_is_told(queue: dict[str, int | None], said: str) -> None:
    open_job = {"id": "t", "status": "processing", "provider": "local", "accepted_at": TIME}
    assert step_of(checked(Job, open_job | {"queue": queue})) == said


def test_a_table_has_columns_as_wide_as_they_must_be() -> None:
    rows = [("a", "1", "x" * 200), ("long name", "100", "")]
    assert list(table(("name", "count", "text"), rows, right=("count",))) == [
        "name       count  text",
        "a              1  " + "x" * 200,
        "long name    100",
    ]
