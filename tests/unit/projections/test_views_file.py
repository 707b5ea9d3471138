"""`views.db` when the file is not what it should be: it holds nothing that the log does not."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.errors import SchemaTooNew, StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.rows import Chunk, PutStatus, PutView, StatusRow, TranscriptRow
from stenolog.projections.run.projector import Projector
from stenolog.stores.sqlite.file.connection import PAGE_BYTES
from stenolog.stores.sqlite.views.schema import VIEWS
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.answers import answer
from tests.unit.projections.events import MemoryLog, OpenSealer, transcription_id


def written(place: Path) -> bytes:
    return b"".join(one.read_bytes() for one in place.iterdir())


async def made(path: Path) -> None:
    views = await SqliteViews.open(path)
    await views.begin("words", 1, live=True)
    await views.advance((), after=0, to=Checkpoint(position=7, event_id="e"))
    await views.close()


async def position(path: Path) -> int:
    views = await SqliteViews.open(path)
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


async def test_an_older_schema_is_made_anew(tmp_path: Path) -> None:
    await made(tmp_path / "views.db")
    newer = replace(VIEWS, steps=(*VIEWS.steps, "CREATE TABLE more (one TEXT)"))
    views = await SqliteViews.open(tmp_path / "views.db", schema=newer)
    assert (await views.checkpoint()).position == 0
    await views.close()
    with pytest.raises(SchemaTooNew):
        await SqliteViews.open(tmp_path / "views.db")


async def test_a_foreign_database_is_not_deleted(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "views.db")) as foreign:
        foreign.execute("CREATE TABLE views (theirs TEXT)")
        foreign.commit()
    with pytest.raises(StoreUnavailable):
        await SqliteViews.open(tmp_path / "views.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "views.db")) as foreign:
        assert foreign.execute("SELECT theirs FROM views").fetchall() == []


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    await made(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(VIEWS.steps) + 1}")
    connection.close()
    with pytest.raises(SchemaTooNew):
        await SqliteViews.open(path)


async def test_a_deleted_file_is_projected_again(tmp_path: Path) -> None:
    log = MemoryLog()
    log.done(1, answer())
    bodies = []
    for _ in range(2):
        views = await SqliteViews.open(tmp_path / "views.db")
        projector = Projector(
            log_store=log,
            sealer=OpenSealer(log),
            views=views,
            projections=PROJECTIONS,
            now_ms=lambda: 0,
        )
        assert await projector.catch_up() == 5
        bodies.append(await views.customer_body(transcription_id(1)))
        await projector.close()
        await views.close()
        for name in os.listdir(tmp_path):
            (tmp_path / name).unlink()
    assert bodies[0] is not None
    assert bodies[0] == bodies[1]


async def test_a_directory_that_is_missing_is_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await SqliteViews.open(tmp_path / "missing" / "views.db")


async def test_deleted_text_is_overwritten(tmp_path: Path) -> None:
    log = MemoryLog()
    log.done(1, answer(text="a very particular sentence"))
    path = tmp_path / "views.db"
    views = await SqliteViews.open(path)
    projector = Projector(
        log_store=log,
        sealer=OpenSealer(log),
        views=views,
        projections=PROJECTIONS,
        now_ms=lambda: 0,
    )
    await projector.catch_up()
    assert b"particular" in written(tmp_path)
    await views.reset()
    await projector.close()
    await views.close()
    assert b"particular" not in written(tmp_path)


@pytest.mark.parametrize("repeated", [1, 60, 130, 700])
async def test_what_a_customer_said_is_on_no_page_whose_cells_sqlite_moves(
    tmp_path: Path, repeated: int
) -> None:
    """SQLite leaves copies of moved cells behind, which no erasure reaches."""
    views = await SqliteViews.open(tmp_path / "views.db")
    for projection in ("transcriptions", "transcript", "words"):
        await views.begin(projection, 1, live=True)
    said = "MARK-of-8" * repeated
    for number in range(12):
        row = StatusRow(
            id=f"id-{number}",
            tenant="t",
            status="error",
            version=1,
            position=number,
            requested_position=number,
            provider="local",
            region=None,
            surface="v2",
            upload=None,
            correlation_id="c",
            audio_url=said,
            error=said,
            subject=said,
            metadata=said,
            created_at="2026-03-01T12:00:00.000000Z",
        )
        spoken = TranscriptRow(
            text=said, confidence=0.5, language_code=said, words=3, body=said.encode()
        )
        chunk = Chunk(first=1, count=1, speakers=(said,), bodies=said.encode())
        await views.advance(
            [
                PutStatus(projection="transcriptions", row=row, request=said.encode()),
                PutView(
                    projection="transcript",
                    transcription=row.id,
                    reason=None,
                    transcript=spoken,
                    chunks=(chunk,),
                    beside=said.encode(),
                ),
            ],
            after=number,
            to=Checkpoint(position=number + 1, event_id=f"e{number}"),
        )
    await views.close()
    content = (tmp_path / "views.db").read_bytes()
    pages = [content[at : at + PAGE_BYTES] for at in range(0, len(content), PAGE_BYTES)]
    holding = [page[0] for page in pages if b"MARK" in page]
    assert holding
    assert not {2, 5, 10, 13} & set(holding), "types of pages that hold cells"


class TracedViews(SqliteViews):
    """Views that tell which statements are run on their file."""

    async def told_of_reads(self, told: Callable[[str], None]) -> None:
        await self._reader.set_trace_callback(told)


async def test_figures_are_read_from_indexes_alone(tmp_path: Path) -> None:
    """A row of a transcription has a page for itself: 100,000 of them took 0.6 s."""
    views = await TracedViews.open(tmp_path / "views.db")
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
