"""Keep views in `views.db`: one writing thread, one reading connection; made anew when unusable."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import aiosqlite
import structlog

from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.format import UNBOUND, LogIdentity
from stenolog.projections.rows import Change, PutStatus
from stenolog.projections.views_state import Known, ViewsState
from stenolog.stores.sqlite.file.checking import fault_after_crash
from stenolog.stores.sqlite.file.connection import open_reader, open_writer, store_errors
from stenolog.stores.sqlite.file.discarding import delete, why_unfit
from stenolog.stores.sqlite.file.schema import Schema
from stenolog.stores.sqlite.views.boxes import Boxes, StreamKeys
from stenolog.stores.sqlite.views.erasing import erase
from stenolog.stores.sqlite.views.reader import ViewReads
from stenolog.stores.sqlite.views.schema import ROW_TABLES, VIEWS
from stenolog.stores.sqlite.views.writer import ViewStatements

UNUSABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
KEYS_CAME_BACK = "they were made while keys were missing that are there again"
MADE_AGAIN = "none is needed: they are made again from the log"

Answer = TypeVar("Answer")
log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Erased:
    """What was erased while the keys of a batch were read."""

    transcriptions: set[str] = field(default_factory=set)


class SqliteViews(ViewReads):
    """Keeps `ViewWriter`'s and `ViewReader`'s promises; `synchronous=NORMAL` suffices for both.

    What a power cut takes from the end of the file is projected again from the log.
    """

    def __init__(
        self, statements: ViewStatements, reader: aiosqlite.Connection, keys: StreamKeys
    ) -> None:
        super().__init__(reader, keys)
        self._statements = statements
        self._sealing: list[_Erased] = []  # of each call that reads its keys now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="views-writer")

    @classmethod
    async def open(
        cls,
        path: Path,
        keys: StreamKeys,
        identity: LogIdentity = UNBOUND,
        *,
        schema: Schema = VIEWS,
    ) -> SqliteViews:
        """Return the views at `path`, made anew when they are damaged or of another log or version.

        So are those that were made while keys were lost that are there again.

        What `keys` has no key for cannot be read, and is not kept.

        Raises:
            CannotStart: It is a file of another kind.
            StoreUnavailable: It cannot be opened or written.
        """
        connection = await asyncio.to_thread(_open, path, schema, identity)
        try:
            views = cls(ViewStatements(connection), await open_reader(path, schema.name), keys)
        except BaseException:
            connection.close()
            raise
        try:
            if await views.keys_came_back():
                log.warning("views.discarded", reason=KEYS_CAME_BACK, advice=MADE_AGAIN)
                await views.reset()
        except BaseException:
            await views.close()
            raise
        return views

    async def close(self) -> None:
        """Commit what was begun, close the file, and fold its WAL back."""
        try:
            # The last connection to close removes the WAL, and one that only reads cannot.
            await self._reader.close()
        finally:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._statements.close)
            await asyncio.to_thread(self._thread.shutdown)

    async def state(self) -> ViewsState:
        """On the writing thread, so that it sees what was just written."""
        return await self._run(self._statements.state)

    async def known(
        self, status_generation: int | None, generations: Collection[int], ids: Collection[str]
    ) -> Known:
        """On the writing thread, as `state`."""
        boxes = await self.boxes_of(ids)
        return await self._run(
            lambda: self._statements.known(status_generation, generations, ids, boxes)
        )

    async def begin(self, projection: str, version: int, *, live: bool) -> None:
        """Runs in one transaction."""
        await self._run(lambda: self._statements.begin(projection, version, live))

    async def advance(self, changes: Sequence[Change], *, after: int, to: Checkpoint) -> None:
        """Seals on the writing thread, in one transaction with the checkpoint."""
        changes, boxes = await self._sealable(changes)
        await self._run(lambda: self._statements.advance(changes, boxes, after, to))

    async def skip(self, to: Checkpoint) -> None:
        """Runs in one transaction."""
        await self._run(lambda: self._statements.skip(to))

    async def fill(self, changes: Sequence[Change], *, after: int, position: int) -> None:
        """Seals as `advance`."""
        changes, boxes = await self._sealable(changes)
        await self._run(lambda: self._statements.fill(changes, boxes, after, position))

    async def build(
        self, generations: Collection[int], changes: Sequence[Change], *, after: int, position: int
    ) -> bool:
        """Seals as `advance`."""
        changes, boxes = await self._sealable(changes)
        return await self._run(
            lambda: self._statements.build(generations, changes, boxes, after, position)
        )

    async def held_for_now(self, limit: int, *, after: int = 0) -> Mapping[str, Mapping[str, int]]:
        """Runs on the writing thread, as `state`."""
        return await self._run(lambda: self._statements.held_for_now(limit, after))

    async def release(
        self, transcription: str, projections: Collection[str], changes: Sequence[Change]
    ) -> None:
        """Seals as `advance`."""
        changes, boxes = await self._sealable(changes)
        await self._run(
            lambda: self._statements.release(transcription, projections, changes, boxes)
        )

    async def drop(self, projection: str) -> None:
        """Runs in one transaction."""
        await self._run(lambda: self._statements.drop(projection))

    async def reset(self) -> None:
        """Runs in one transaction."""
        await self._run(self._statements.reset)

    async def erase(self, transcription: str) -> None:
        """Runs in one transaction."""
        for one in self._sealing:
            one.transcriptions.add(transcription)
        await self._run(lambda: erase(self._statements, transcription))

    async def purge(self) -> bool:
        """Runs in one transaction."""
        return await self._run(self._statements.purge)

    async def _sealable(self, changes: Sequence[Change]) -> tuple[Sequence[Change], Boxes]:
        """Return the changes with what seals them, but for what is erased meanwhile.

        What is erased then may not be written after it; its erasure is in the log as well.
        """
        erased = _Erased()
        self._sealing.append(erased)
        try:
            boxes = await self.boxes_of({_transcription_of(change) for change in changes})
        finally:
            self._sealing.remove(erased)
        if erased.transcriptions:
            changes = [
                one for one in changes if _transcription_of(one) not in erased.transcriptions
            ]
        return changes, boxes

    async def _run(self, call: Callable[[], Answer]) -> Answer:
        # A cancelled caller leaves the thread to end what it began; the next one waits behind it.
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _transcription_of(change: Change) -> str:
    return change.row.id if isinstance(change, PutStatus) else change.transcription


def _open(path: Path, schema: Schema, identity: LogIdentity) -> sqlite3.Connection:
    try:
        unfit = fault_after_crash(path, schema) or why_unfit(path, schema, identity)
        if unfit:
            _discard(path, unfit)
        return _opened(path, schema, identity)
    except StoreUnavailable as exc:
        if not _unusable(exc):
            raise
        _discard(path, str(exc))
        return _opened(path, schema, identity)


def _discard(path: Path, reason: str) -> None:
    log.warning("views.discarded", reason=reason, advice=MADE_AGAIN)
    delete(path)


def _opened(path: Path, schema: Schema, identity: LogIdentity) -> sqlite3.Connection:
    connection = open_writer(path, schema, identity)
    try:
        with store_errors(schema.name):
            for table in (*ROW_TABLES, "generations", "checkpoint"):
                connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()  # noqa: S608  ours
    except BaseException:
        connection.close()
        raise
    return connection


def _unusable(error: StoreUnavailable) -> bool:
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in UNUSABLE
