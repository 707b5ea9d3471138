"""A `keys.db` that is older than its log.

What is lost is never told as erased, and what was erased is erased again.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from stenolog.commands.transcription.state import stream_of
from stenolog.errors import KeyLost
from tests.house.composed import Composed, composed
from tests.http.asking import get, refusal
from tests.http.spoken import BASE, completed

SENTENCE = "The key of this content is missing: the operator must restore the newest keys.db"


@dataclass
class Week:
    """A data directory whose keys are Monday's while its log is Tuesday's.

    Attributes:
        newest: The keys as they were on Tuesday.
        kept: A transcription of Monday, done; `erased`: another, which was deleted on Tuesday.
        done: One of Tuesday, done; `open`: one that has no outcome yet.
        registration: Of the job of `open`.
        lines: What the start with Monday's keys said.
    """

    directory: Path
    newest: Path
    kept: str
    erased: str
    done: str
    open: str
    registration: Any
    lines: list[Any] = field(default_factory=list)


@pytest.fixture
async def week(tmp_path: Path) -> Week:
    directory = tmp_path / "data"
    directory.mkdir()
    async with composed(directory) as service:
        kept = await completed(service, {}, text="monday")
        erased = await completed(service, {}, text="to be erased")
    monday = shutil.copyfile(directory / "keys.db", tmp_path / "monday.db")
    async with composed(directory) as service:
        done = await completed(service, {"speaker_labels": True}, text="tuesday")
        unfinished, registration = await service.submitted()
        answer = await service.client.delete(f"/v2/transcript/{erased}")
        assert answer.status_code == 200
    newest = shutil.copyfile(directory / "keys.db", tmp_path / "newest.db")
    shutil.copyfile(monday, directory / "keys.db")
    return Week(directory, newest, kept, erased, done, unfinished, registration)


@contextlib.asynccontextmanager
async def with_older_keys(week: Week) -> AsyncIterator[Composed]:
    with capture_logs() as lines:
        async with composed(week.directory) as service:
            week.lines[:] = lines
            yield service


def said(lines: list[Any], event: str) -> list[int]:
    return [line["streams"] for line in lines if line["event"] == event]


async def test_the_start_says_once_how_many_are_lost_and_what_was_erased_again(week: Week) -> None:
    for again in ([1], []):  # what was erased again is not erased a third time
        async with with_older_keys(week) as service:
            assert said(week.lines, "keys.lost") == [2]
            assert said(week.lines, "keys.destroyed_again") == again
            assert await service.keys.data_key_of(stream_of(week.erased)) is None
            body = await get(service, f"/v2/transcript/{week.erased}")
            assert body["text"] == "Deleted by user."
            assert (await get(service, f"/v2/transcript/{week.kept}"))["text"] == "monday"


@pytest.mark.parametrize("rebuilt", [False, True])
async def test_what_is_lost_is_never_told_as_erased(week: Week, rebuilt: bool) -> None:
    if rebuilt:
        (week.directory / "views.db").unlink()
    async with with_older_keys(week) as service:
        await service.projected()
        for one in (week.done, week.open):
            answer = await service.client.get(f"/v2/transcript/{one}")
            assert (answer.status_code, answer.json()) == (503, {"error": SENTENCE})
            assert answer.headers["Retry-After"] == "60"
            problem = await refusal(service, "GET", f"{BASE}/{one}")
            assert (problem["status"], problem["detail"]) == (503, SENTENCE)
            assert problem["type"] == "urn:stenolog:problem:key-lost"
        for path in ("words", "utterances"):
            answer = await service.client.get(f"{BASE}/{week.done}/{path}")
            assert answer.status_code == 503, (path, answer.text)
        for path in ("sentences", "paragraphs", "srt", "vtt", "word-search?words=all"):
            answer = await service.client.get(f"/v2/transcript/{week.done}/{path}")
            assert (answer.status_code, answer.json()) == (503, {"error": SENTENCE}), path
        listed = (await get(service, BASE, limit=10))["items"]
        status = {one["id"]: (one["status"], one["erased"]) for one in listed}
        assert status[week.done] == ("completed", False)
        assert status[week.open] == ("processing", False)
        assert status[week.erased] == ("completed", True)


async def test_everything_else_is_served(week: Week) -> None:
    async with with_older_keys(week) as service:
        fresh = await completed(service, {}, text="wednesday")
        assert (await get(service, f"/v2/transcript/{fresh}"))["text"] == "wednesday"


async def test_a_stream_whose_key_is_lost_gets_no_other(week: Week) -> None:
    async with with_older_keys(week) as service:
        before = len(await service.stream(week.open))
        answer = await service.call_back(week.registration)
        assert answer.status_code == 204, "that it called can be kept without a payload"
        events = await service.stream(week.open)
        assert [event.commitment for event in events[before:]] == [None]
        with pytest.raises(KeyLost):
            await service.vault.seal(stream_of(week.open), events[0].id, b"more")
        assert await service.keys.data_key_of(stream_of(week.open)) is None


async def test_what_is_lost_can_be_deleted(week: Week) -> None:
    async with with_older_keys(week) as service:
        for one in (week.done, week.open):
            answer = await service.client.delete(f"/v2/transcript/{one}")
            assert answer.status_code == 200
            assert (await get(service, f"/v2/transcript/{one}"))["text"] == "Deleted by user."
        assert await service.keys.lost_count() == 0


async def test_with_the_newest_keys_everything_is_back(week: Week) -> None:
    async with with_older_keys(week) as service:
        await service.projected()
    shutil.copyfile(week.newest, week.directory / "keys.db")
    (week.directory / "views.db").unlink()
    async with with_older_keys(week) as service:
        assert said(week.lines, "keys.lost") == []
        await service.projected()
        assert (await get(service, f"/v2/transcript/{week.done}"))["text"] == "tuesday"
        await service.call_back(week.registration)
        assert (await get(service, f"/v2/transcript/{week.open}"))["status"] == "processing"
