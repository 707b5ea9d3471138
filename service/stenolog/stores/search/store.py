"""Keep the search index in `search.db`: one writing thread, some reading ones; made anew."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw
import structlog

from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.format import UNBOUND, LogIdentity
from stenolog.projections.search.entry import Change
from stenolog.projections.search.index import (
    Count,
    Counting,
    HitsPage,
    IndexState,
    Search,
    TranscriptCount,
)
from stenolog.stores.search import counting, reading, writing
from stenolog.stores.search.connection import (
    delete,
    is_unusable,
    open_reader,
    open_writer,
    search_errors,
    truncate_wal,
    within_time,
)
from stenolog.stores.search.schema import FILE

READERS = 2  # threads
READS_MAX = 32  # that run and wait; more are told to come again
MADE_AGAIN = "none is needed: it is made again from the log"

Answer = TypeVar("Answer")
log = structlog.get_logger(__name__)


class _Readers(threading.local):
    """The reading connection of each thread, and of which making of the file it is."""

    connection: apsw.Connection | None = None
    made: int = 0


class SearchIndex:
    """Keeps the promises of `SearchWriter` and `SearchReader`.

    What a power cut takes from the end of the file is indexed again from the log. A file that is
    damaged, or of another log or version, is made anew.

    Attributes:
        on_damaged: Called, in the event loop, once a reader has found that the file is damaged.
    """

    def __init__(self, path: Path, identity: LogIdentity, writer: apsw.Connection) -> None:
        self._path = path
        self._identity = identity
        self._writer = writer
        self._made = 1  # counts how often the file was made or opened
        self._damaged = ""  # why, as a reader has found
        self._reads = 0
        self.on_damaged: Callable[[], None] = _nothing
        self._readers = _Readers()
        self._opened_readers: list[apsw.Connection] = []
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search-writer")
        self._reading = ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="search-reader")

    @classmethod
    async def open(cls, path: Path, identity: LogIdentity = UNBOUND) -> SearchIndex:
        """Return the index at `path`, made anew when it cannot be used for this log.

        Raises:
            CannotStart: It is a file of another kind.
            StoreUnavailable: It cannot be opened or written.
        """
        return cls(path, identity, await asyncio.to_thread(_opened, path, identity))

    async def close(self) -> None:
        """End what was begun, and close the file."""
        await asyncio.to_thread(self._reading.shutdown)
        for reader in self._opened_readers:
            reader.close(True)  # the last connection to close removes the WAL: the writing one
        await asyncio.get_running_loop().run_in_executor(self._writing, self._writer.close)
        await asyncio.to_thread(self._writing.shutdown)

    async def state(self) -> IndexState:
        """On the writing thread, so that it sees what was just written."""
        return await self._write(self._state)

    async def begin(self, *, until: int) -> None:
        """Makes the file anew: nothing of what was in it is looked at."""

        def begin() -> None:
            with search_errors():
                untouched = writing.is_untouched(self._writer)
            if not untouched:
                self._make_anew("it is to be built again")
            writing.set_filled_until(self._writer, until)

        await self._write(begin)

    async def failed(self, limit: int) -> Sequence[int]:
        """On the writing thread, as `state`."""
        return await self._write(lambda: writing.failed(self._writer, limit))

    async def advance(self, changes: Sequence[Change], *, to: Checkpoint) -> None:
        """Folds and indexes on the writing thread."""
        await self._write(lambda: writing.advance(self._writer, changes, to))

    async def erase(self, transcription: str) -> None:
        """Returns once the WAL is empty as well."""
        await self._write(lambda: writing.erase(self._writer, transcription))

    async def search(self, asked: Search) -> HitsPage:
        """Runs on a reading thread."""
        return await self._read(lambda connection: reading.search(connection, asked))

    async def count(self, asked: Counting) -> tuple[Sequence[Count], bool]:
        """Runs on a reading thread."""
        return await self._read(lambda connection: counting.count(connection, asked))

    async def count_by_transcript(self, asked: Counting) -> tuple[Sequence[TranscriptCount], bool]:
        """Runs on a reading thread."""
        return await self._read(lambda connection: counting.count_by_transcript(connection, asked))

    def _state(self) -> IndexState:
        if self._damaged:
            self._make_anew(self._damaged)
        with search_errors():
            return writing.read_state(self._writer)

    def _make_anew(self, reason: str) -> None:
        log.warning("search.discarded", reason=reason, advice=MADE_AGAIN)
        self._writer.close(True)
        delete(self._path)
        self._writer = _opened(self._path, self._identity)
        self._made += 1
        self._damaged = ""

    async def _write(self, call: Callable[[], Answer]) -> Answer:
        # A cancelled caller leaves the thread to end what it began; the next one waits behind it.
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._mended, call)

    def _mended(self, call: Callable[[], Answer]) -> Answer:
        """Call it; a file that turns out to be damaged is made anew, and the call has failed."""
        try:
            return call()
        except StoreUnavailable as exc:
            if is_unusable(exc):
                self._make_anew(str(exc))
            raise

    async def _read(self, call: Callable[[apsw.Connection], Answer]) -> Answer:
        if self._reads >= READS_MAX:
            raise StoreUnavailable(f"{FILE}: {READS_MAX} searches wait; ask again")
        self._reads += 1
        future = asyncio.get_running_loop().run_in_executor(self._reading, self._read_here, call)
        future.add_done_callback(self._was_read)
        return await asyncio.shield(future)

    def _was_read(self, future: asyncio.Future[Answer]) -> None:
        self._reads -= 1
        if self._damaged:
            self.on_damaged()
        if not future.cancelled():
            future.exception()  # nobody may be left to take it

    def _read_here(self, call: Callable[[apsw.Connection], Answer]) -> Answer:
        try:
            with search_errors():
                connection = self._reader()
                with within_time(connection):
                    return call(connection)
        except StoreUnavailable as exc:
            if is_unusable(exc):
                self._damaged = str(exc)
            raise

    def _reader(self) -> apsw.Connection:
        """Return this thread's connection; another one once the file was made anew."""
        mine, made = self._readers, self._made
        if mine.connection is None or mine.made != made:
            if mine.connection is not None:
                self._opened_readers.remove(mine.connection)
                mine.connection.close(True)
                mine.connection = None
            mine.connection = open_reader(self._path)
            self._opened_readers.append(mine.connection)
            mine.made = made
        return mine.connection


def _nothing() -> None:
    """Have nobody told."""


def _opened(path: Path, identity: LogIdentity) -> apsw.Connection:
    connection, unfit = open_writer(path, identity)
    if connection is None:
        log.warning("search.discarded", reason=unfit, advice=MADE_AGAIN)
        delete(path)
        connection, unfit = open_writer(path, identity)
    if connection is None:
        raise StoreUnavailable(f"{FILE} cannot be made anew: {unfit}")
    try:
        truncate_wal(connection)  # what was deleted just before a crash may be there
    except BaseException:
        connection.close()
        raise
    return connection
