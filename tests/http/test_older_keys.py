"""A `keys.db` that is older than its log.

What is lost is never told as erased, and what was erased is erased again.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from structlog.testing import capture_logs

from stenolog.bootstrap.gauges import Gauges
from stenolog.bootstrap.identity import SUBJECTS, secret_of
from stenolog.commands.transcription.state import stream_of
from stenolog.compliance.subjects import Subjects
from stenolog.edge.transcriptions.beside import BesideLoop
from stenolog.edge.transcriptions.large_turns import LargeTurns
from stenolog.edge.transcriptions.reading import Reading
from stenolog.edge.transcriptions.shared_loads import SharedLoads
from stenolog.edge.transcriptions.tenancy import Tenancy
from stenolog.errors import KeyLost
from tests.house.composed import Composed, composed
from tests.http.asking import get, refusal
from tests.http.spoken import BASE, completed

FILES = ("log.db", "keys.db", "views.db", "work.db")
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
            assert problem["type"] == "/docs/errors#key-lost"
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


async def test_one_that_the_views_have_is_not_asked_to_be_filled_in(week: Week) -> None:
    """However often somebody polls it: they would wait for what brings nothing."""
    asked: list[str] = []

    async def fill_in(one: str, /) -> None:
        asked.append(one)

    async def room(size: int) -> None:
        """There is always some."""

    async with with_older_keys(week) as service:
        await service.projected()
        loads = SharedLoads(BesideLoop(), LargeTurns(room))
        views, tenancy = service.stores.views, Tenancy(service.events)
        reading = Reading(service.handler, service.events, views, tenancy, loads, fill_in)
        tenant = (await service.stream(week.done))[0].tenant
        with pytest.raises(KeyLost):
            await reading.find(tenant, week.done)
    assert asked == []


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


@pytest.mark.parametrize("rebuilt", [False, True])
async def test_with_the_newest_keys_everything_is_back(week: Week, rebuilt: bool) -> None:
    if rebuilt:
        (week.directory / "views.db").unlink()
    for _ in range(2):
        async with with_older_keys(week) as service:
            await service.projected()
            # Its row is made anew while its key is missing.
            assert (await service.call_back(week.registration)).status_code == 204
            await service.projected()
            assert "views.discarded" not in [line["event"] for line in week.lines]
            lost = await service.keys.lost_count()
            assert f"stenolog_keys_lost {float(lost)}" in await measured(service)
    shutil.copyfile(week.newest, week.directory / "keys.db")
    async with with_older_keys(week) as service:
        assert said(week.lines, "keys.lost") == []
        assert "views.discarded" in [line["event"] for line in week.lines]
        await service.projected()
        assert "stenolog_keys_lost 0.0" in await measured(service)
        assert (await get(service, f"/v2/transcript/{week.done}"))["text"] == "tuesday"
        await service.call_back(week.registration)
        assert (await get(service, f"/v2/transcript/{week.open}"))["status"] == "processing"


async def measured(service: Composed) -> str:
    """The metrics, once the keys were counted."""
    await Gauges(service.parts, service.settings.data_dir).keys()
    return service.metrics.exposition()[0].decode()


async def test_a_subject_leads_to_its_streams_from_the_first_request_on(tmp_path: Path) -> None:
    subject = "patient-4711"
    async with composed(tmp_path) as service:
        answers = [
            await service.client.post(
                BASE, json={"audio_url": "https://audio.example/a.mp3", "subject": name}
            )
            for name in (subject, subject, "another")
        ]
        first, second, other = (answer.json()["id"] for answer in answers)
        secret = await secret_of(service.keys, service.stores.master, SUBJECTS)
        [event] = await service.stream(first)
        subjects = Subjects(secret, service.keys)

        async def found(name: str) -> set[str]:
            return set(await subjects.streams_of(event.tenant, name))

        assert await found(subject) == {stream_of(first), stream_of(second)}
        assert await found("another") == {stream_of(other)}
        assert await subjects.streams_of("of another tenant", subject) == []
        assert (await service.client.delete(f"{BASE}/{first}")).status_code == 200
        assert await found(subject) == {stream_of(second)}
    assert all(subject.encode() not in (tmp_path / name).read_bytes() for name in FILES)


async def test_the_keys_follow_the_log_with_every_new_key(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        before = await service.events.head()
        await service.submitted()
        await service.submit()
        assert before < await service.keys.high_water() < await service.events.head()
    async with composed(tmp_path) as service:
        assert await service.keys.high_water() == service.started_at


async def test_a_foreign_reader_holds_up_a_delete_and_no_create(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        transcription_id = await completed(service, {}, text="to be erased")
        with contextlib.closing(sqlite3.connect(tmp_path / "keys.db")) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM data_keys").fetchone()
            deleting = asyncio.create_task(
                service.client.delete(f"/v2/transcript/{transcription_id}")
            )
            for _ in range(5):
                began = monotonic()
                await service.submit()
                assert monotonic() - began < 1
            assert not deleting.done()
        assert (await deleting).status_code == 200
        wal = tmp_path / "keys.db-wal"
        assert stream_of(transcription_id).encode() not in wal.read_bytes()
