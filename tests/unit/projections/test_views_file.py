"""`views.db` when the file is not what it should be: it holds nothing that the log does not."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stenolog.errors import CannotStart, KeyMissing, PayloadDamaged, StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.format import UNBOUND, LogIdentity
from stenolog.projections.rows import Change, Chunk, PutStatus, PutView, StatusRow, TranscriptRow
from stenolog.stores.sqlite.views.schema import VIEWS
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.answers import answer
from tests.unit.projections.events import MemoryLog, transcription_id
from tests.unit.projections.keys import MemoryKeys
from tests.unit.projections.running import projecting


def written(place: Path) -> bytes:
    return b"".join(one.read_bytes() for one in place.iterdir())


async def made(path: Path) -> None:
    views = await SqliteViews.open(path, MemoryKeys())
    await views.begin("words", 1, live=True)
    await views.advance((), after=0, to=Checkpoint(position=7, event_id="e"))
    await views.close()


async def position(path: Path) -> int:
    views = await SqliteViews.open(path, MemoryKeys())
    try:
        return (await views.checkpoint()).position
    finally:
        await views.close()


async def test_what_was_written_is_found_again(tmp_path: Path) -> None:
    await made(tmp_path / "views.db")
    assert await position(tmp_path / "views.db") == 7


@pytest.mark.parametrize("content", [b"not a database, but longer than its header " * 40, b"x"])
async def test_a_file_that_is_no_database_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "views.db").write_bytes(content)
    assert await position(tmp_path / "views.db") == 0


async def test_a_damaged_database_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    await made(path)
    damaged = path.read_bytes()
    path.write_bytes(damaged[:4096] + b"\xff" * (len(damaged) - 4096))
    assert await position(path) == 0


async def test_a_schema_of_another_version_is_made_anew(tmp_path: Path) -> None:
    """Also a newer one: nothing is in it that the log has not."""
    await made(tmp_path / "views.db")
    newer = replace(VIEWS, steps=(*VIEWS.steps, "CREATE TABLE more (one TEXT)"))
    views = await SqliteViews.open(tmp_path / "views.db", MemoryKeys(), schema=newer)
    assert (await views.checkpoint()).position == 0
    await views.advance((), after=0, to=Checkpoint(position=7, event_id="e"))
    await views.close()
    with capture_logs() as lines:
        assert await position(tmp_path / "views.db") == 0
    assert [line["event"] for line in lines] == ["views.discarded"]


@pytest.mark.parametrize("other", [LogIdentity(log_id="another"), replace(UNBOUND, epoch=2)])
async def test_views_of_another_log_or_epoch_are_made_anew(
    tmp_path: Path, other: LogIdentity
) -> None:
    await made(tmp_path / "views.db")
    with capture_logs() as lines:
        views = await SqliteViews.open(tmp_path / "views.db", MemoryKeys(), other)
    assert (await views.checkpoint()).position == 0
    await views.close()
    assert [line["event"] for line in lines] == ["views.discarded"]


async def test_a_foreign_database_is_not_deleted(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "views.db")) as foreign:
        foreign.execute("CREATE TABLE views (theirs TEXT)")
        foreign.commit()
    with pytest.raises(CannotStart):
        await SqliteViews.open(tmp_path / "views.db", MemoryKeys())
    with contextlib.closing(sqlite3.connect(tmp_path / "views.db")) as foreign:
        assert foreign.execute("SELECT theirs FROM views").fetchall() == []


async def test_a_deleted_file_is_projected_again(tmp_path: Path) -> None:
    log = MemoryLog()
    log.done(1, answer())
    bodies = []
    for _ in range(2):
        views = await SqliteViews.open(tmp_path / "views.db", MemoryKeys())
        async with projecting(log, views) as projector:
            assert await projector.catch_up() == 5
        bodies.append(await views.customer_body(transcription_id(1)))
        await views.close()
        for name in os.listdir(tmp_path):
            (tmp_path / name).unlink()
    assert bodies[0] is not None
    assert bodies[0] == bodies[1]


async def test_a_directory_that_is_missing_is_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await SqliteViews.open(tmp_path / "missing" / "views.db", MemoryKeys())


@pytest.mark.parametrize("repeated", [1, 60, 130, 700, 300_000])
async def test_what_a_customer_said_is_nowhere_in_the_files_and_dies_with_its_key(
    tmp_path: Path, repeated: int
) -> None:
    keys = MemoryKeys()
    views = await SqliteViews.open(tmp_path / "views.db", keys)
    try:
        for projection in ("transcriptions", "transcript", "words", "utterances"):
            await views.begin(projection, 1, live=True)
        said = "MARK-of-8" * repeated
        await views.advance(said_by("id-1", said), after=0, to=Checkpoint(position=1, event_id="e"))
        assert b"MARK" not in written(tmp_path)
        row = await views.transcription("id-1")
        assert row is not None
        assert (row.locked, row.subject, row.error, row.provider_job) == (False, said, said, said)
        assert await views.request("id-1") == said.encode()
        transcript = await views.transcript("id-1")
        assert transcript is not None
        assert transcript.text == said
        assert await views.customer_body("id-1") == said.encode()
        page = await views.items("id-1", "words", after=0, limit=9, wanted=None)
        assert (page.items, page.around) == ((said.encode(),), said.encode())
        assert len((await views.items("id-1", "utterances", after=1, limit=9)).items) == 1
        keys.destroy("transcription-id-1")
        row = await views.transcription("id-1")
        assert row is not None
        assert (row.locked, row.erased, row.subject, row.error) == (True, False, None, None)
        assert (row.status, row.audio_url) == ("error", "")
        assert await views.request("id-1") is None
        assert await views.transcript("id-1") is None
        assert await views.customer_body("id-1") is None
        for view in ("words", "utterances"):
            with pytest.raises(KeyMissing):
                await views.items("id-1", view, after=0, limit=9)
        [listed] = (await views.list_transcriptions("t", limit=9)).rows
        assert listed == row
        await views.erase("id-1")
        row = await views.transcription("id-1")
        assert row is not None
        assert (row.locked, row.erased) == (False, True)
    finally:
        await views.close()


async def test_without_a_key_nothing_of_the_content_is_kept(tmp_path: Path) -> None:
    keys = MemoryKeys()
    keys.destroy("transcription-id-1")
    views = await SqliteViews.open(tmp_path / "views.db", keys)
    try:
        for projection in ("transcriptions", "transcript", "words", "utterances"):
            await views.begin(projection, 1, live=True)
        to = Checkpoint(position=1, event_id="e")
        await views.advance(said_by("id-1", "MARK-of-8"), after=0, to=to)
        row = await views.transcription("id-1")
        assert row is not None
        assert (row.locked, row.status, row.subject) == (True, "error", None)
        assert await views.customer_body("id-1") is None
        assert (await views.items("id-1", "words", after=0, limit=9)).items == ()
    finally:
        await views.close()


async def test_a_box_in_the_place_of_another_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    views = await SqliteViews.open(path, MemoryKeys())
    for projection in ("transcriptions", "transcript", "words", "utterances"):
        await views.begin(projection, 1, live=True)
    changes = [*said_by("id-1", "one"), *said_by("id-2", "two")]
    await views.advance(changes, after=0, to=Checkpoint(position=1, event_id="e"))
    await views.close()
    with contextlib.closing(sqlite3.connect(path)) as file:
        for table in ("transcriptions", "views"):
            file.execute(
                f"UPDATE {table} SET box = (SELECT box FROM {table} AS other "
                f"WHERE other.id = 'id-2' AND other.generation = {table}.generation) "
                "WHERE id = 'id-1'"
            )
        file.commit()
    views = await SqliteViews.open(path, MemoryKeys())
    try:
        row = await views.transcription("id-1")
        assert row is not None
        assert row.locked
        with pytest.raises(PayloadDamaged):
            await views.customer_body("id-1")
    finally:
        await views.close()


def said_by(transcription: str, said: str) -> list[Change]:
    """A transcription whose every piece of content is `said`."""
    row = StatusRow(
        id=transcription,
        tenant="t",
        status="error",
        version=1,
        position=1,
        requested_position=1,
        provider="local",
        region=None,
        surface="v2",
        correlation_id="c",
        provider_job=said,
        audio_url=said,
        error=said,
        subject=said,
        metadata=said,
        created_at="2026-03-01T12:00:00.000000Z",
    )
    spoken = TranscriptRow(
        text=said, confidence=0.5, language_code=said, words=3, body=said.encode()
    )
    chunks = [Chunk(first=number, count=1, bodies=said.encode()) for number in (1, 2)]
    return [
        PutStatus(projection="transcriptions", row=row, request=said.encode()),
        PutView(
            projection="transcript", transcription=transcription, reason=None, transcript=spoken
        ),
        PutView(
            projection="words",
            transcription=transcription,
            reason=None,
            chunks=tuple(chunks[:1]),
            around=said.encode(),
        ),
        PutView(
            projection="utterances",
            transcription=transcription,
            reason=None,
            chunks=tuple(chunks),
        ),
    ]


class TracedViews(SqliteViews):
    """Views that tell which statements are run on their file."""

    async def told_of_reads(self, told: Callable[[str], None]) -> None:
        await self._reader.set_trace_callback(told)


async def test_figures_are_read_from_indexes_alone(tmp_path: Path) -> None:
    """A row of a transcription has a page for itself: 100,000 of them took 0.6 s."""
    views = await TracedViews.open(tmp_path / "views.db", MemoryKeys())
    assert isinstance(views, TracedViews)
    read: list[str] = []
    await views.told_of_reads(read.append)
    await views.oldest_open()
    await views.counts_by_status()
    await views.close()
    assert len(read) == 2
    with contextlib.closing(sqlite3.connect(tmp_path / "views.db")) as file:
        for statement in read:
            plan = [row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {statement}")]
            assert "USING COVERING INDEX transcriptions_" in plan[0], plan
