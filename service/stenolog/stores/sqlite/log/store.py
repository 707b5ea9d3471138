"""Implement `EventStore` on SQLite: one writing thread, one reading connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

from stenolog.clock import Clocks
from stenolog.compliance.full_comparison import StoredLeaf
from stenolog.errors import OutcomeUnknown, StoreError, StoreUnavailable
from stenolog.log.appends import Together, checked, weight
from stenolog.log.batch import Sequenced
from stenolog.log.event import Event, NewEvent, SealedPayload
from stenolog.log.format import LogIdentity
from stenolog.log.head import HeadWatch
from stenolog.log.merkle import Frontier, Place
from stenolog.log.open_page import OpenPage
from stenolog.log.sequencer import GroupCommit
from stenolog.log.store import EVENTS_PER_READ_MAX, Append, Appended
from stenolog.log.subtrees import Span
from stenolog.log.tail import EVENTS_KEPT, LogTail
from stenolog.stores.sqlite.file.connection import open_reader, read_rows
from stenolog.stores.sqlite.log.accesses import AccessReads
from stenolog.stores.sqlite.log.leaves import read_leaves
from stenolog.stores.sqlite.log.listed import SqliteStreamLists
from stenolog.stores.sqlite.log.nodes import read_nodes
from stenolog.stores.sqlite.log.open_rows import read_open_page
from stenolog.stores.sqlite.log.payloads import read_payload
from stenolog.stores.sqlite.log.public import PublicReads
from stenolog.stores.sqlite.log.sealed import SealedStreams
from stenolog.stores.sqlite.log.stored import (
    INTEGER_MAX,
    RECORD,
    stored_events,
    stored_frontier,
)
from stenolog.stores.sqlite.log.stream_ends import StreamEnds
from stenolog.stores.sqlite.log.streams import StreamReads, read_stream, version_of
from stenolog.stores.sqlite.log.writer import NO_OTHER_CLOCKS, CommitReport, LogWriter


class SqliteLog:
    """Keeps `EventStore`'s promises in `log.db`, with WAL and synchronous=FULL."""

    def __init__(
        self, writer: LogWriter, reader: aiosqlite.Connection, kept: int = EVENTS_KEPT
    ) -> None:
        """`kept`: how many of the last events are read from memory, at least."""
        self._writer = writer
        self.identity: LogIdentity = writer.identity
        self.clock_behind_ms: int = writer.behind_ms
        self._reader = reader
        self.histories, self.sealings = StreamReads(reader), SealedStreams(reader)
        self.public_events, self.content_reads = PublicReads(reader), AccessReads(reader)
        self.lists = SqliteStreamLists(reader)
        self.ends = StreamEnds(reader)
        self._watch = HeadWatch(writer.head)
        self._tail = LogTail(writer.head, kept=kept)
        self._loop = asyncio.get_running_loop()
        self._commits = GroupCommit[Together, Sequence[Appended]](
            self._commit, name="log-writer", weigh=weight, idle=writer.look
        )

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        report: CommitReport | None = None,
        kept: int = EVENTS_KEPT,
        clocks: Clocks = NO_OTHER_CLOCKS,
        accept_clock: bool = False,
    ) -> SqliteLog:
        """Return the log at `path`, created when there is none; `report` hears of every commit.

        `accept_clock`: an operator says that the machine's clock is right (`record_clock`).

        Raises:
            CannotStart: It is another kind of file, or from before the first release; or the
                machine's clock cannot be right.
            SchemaTooNew: It was written by a newer Stenolog.
            StoreUnavailable: It cannot be opened or written.
        """
        writer = await asyncio.to_thread(LogWriter, path, report, clocks, accept_clock)
        try:
            return cls(writer, await open_reader(path, "log.db"), kept)
        except BaseException:
            writer.close()
            raise

    async def close(self) -> None:
        """Commit everything submitted, then close the files."""
        await self._commits.close()
        await self._reader.close()
        self._writer.close()

    @property
    def beat_age_ms(self) -> int:
        """How long appends have waited without an answer to any of them; 0: none waits."""
        return self._commits.beat_age_ms

    def event_id(self) -> str:
        """Follows the clock of the log, which believes no jump at once."""
        return self._writer.event_id()

    async def record_clock(self) -> None:
        """Record that the clock had jumped when the log was opened, if no event tells it yet.

        Raises:
            StoreError: It was not written.
        """
        if self._writer.jumped:
            await self._commits.submit(())

    async def append(
        self, stream: str, events: Sequence[NewEvent], *, expected: int | None = None
    ) -> Appended:
        """Appends to one stream alone."""
        together = [Append(stream=stream, events=tuple(events), expected=expected)]
        return (await self.append_all(together))[0]

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        """Waits in the group commit's queue."""
        return await self._commits.submit(checked(appends))

    def _commit(self, batch: Sequence[Together]) -> Sequence[Sequence[Appended] | StoreError]:
        try:
            sequenced = self._writer.commit_batch(batch)
        except OutcomeUnknown:
            self._tell(self._tail.forget)
            with contextlib.suppress(StoreError):  # else whoever asks for the head looks again
                self._tell(partial(self._watch.advance, self._writer.count()))
            raise
        self._tell(partial(self._advance, sequenced))
        return sequenced.outcomes

    def _tell(self, told: Callable[[], None]) -> None:
        """On the loop, before anybody is answered."""
        with contextlib.suppress(RuntimeError):  # the loop closed meanwhile: nobody waits
            self._loop.call_soon_threadsafe(told)

    def _advance(self, sequenced: Sequenced) -> None:
        head = sequenced.frontier.count
        self._tail.extend([Event(**row.envelope) for row in sequenced.rows], head)
        self._watch.advance(head)

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> list[Event]:
        """Reads from memory, or by primary key."""
        after, limit = _bounded(after, INTEGER_MAX), _bounded(limit, EVENTS_PER_READ_MAX)
        recent = self._tail.read(after, limit)
        if recent is not None:
            return recent
        return await self._events(
            f"SELECT {RECORD} FROM events WHERE position > ? ORDER BY position LIMIT ?",  # noqa: S608  the columns are ours
            after,
            limit,
            up_to_damage=True,
        )

    async def read_stream(
        self, stream: str, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX
    ) -> list[Event]:
        """Reads from memory after a known version, else by the unique index on stream and version.

        A stream that is asked for from its beginning is never read from memory: the quicker answer
        would tell a stranger that the stream exists.
        """
        after, limit = _bounded(after, INTEGER_MAX), _bounded(limit, EVENTS_PER_READ_MAX)
        recent = self._tail.read_stream(stream, after, limit) if after else None
        if recent is not None:
            return recent
        return await read_stream(self._reader, stream, after=after, limit=limit)

    async def version(self, stream: str) -> int:
        """Reads the last entry of the unique index on stream and version, and the stream's row."""
        return await version_of(self._reader, stream)

    async def position_of(self, dedupe_key: str) -> int | None:
        """Reads by primary key."""
        row = await self._one("SELECT position FROM dedupe WHERE key = ?", dedupe_key)
        if row is None:
            return None
        position = int(row[0])
        if position > self._watch.head:
            self._tail.forget()  # it is committed, and this loop was not told yet, or never
        return position

    async def payload(self, position: int) -> SealedPayload | None:
        """Takes the commitment from the event's own bytes."""
        return await read_payload(self._reader, _bounded(position, INTEGER_MAX))

    async def head(self) -> int:
        """Returns what the writer last told; after an unknown outcome, what the file says."""
        if self._tail.is_forgotten:
            with contextlib.suppress(StoreUnavailable):
                self._watch.advance((await self.frontier()).count)
        return self._watch.head

    async def wait(self, *, after: int) -> int:
        """Woken by the writing thread after its commit."""
        await self.head()
        return await self._watch.wait(after=after)

    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage:
        """Reads by the partial index on open ones, beside the tree's row."""
        return await read_open_page(self._reader, after, limit)

    async def frontier(self) -> Frontier:
        """Return the tree over everything that is committed."""
        row = await self._one("SELECT count, frontier FROM tree")
        return stored_frontier(tuple(row) if row else None)

    async def nodes(self, spans: Sequence[Span]) -> Mapping[Place, bytes]:
        """Return the hashes of the kept nodes in these spans; raise as `read_nodes`."""
        return await read_nodes(self._reader, spans)

    async def leaves(self, *, after: int, until: int) -> Sequence[StoredLeaf]:
        """Reads by primary key."""
        return await read_leaves(self._reader, after=after, until=until)

    async def mend_nodes(self) -> int | None:
        """Write nodes anew where they are not those of the leaves, before anything is appended."""
        return await asyncio.to_thread(self._writer.mend_nodes)

    async def _one(self, statement: str, *values: object) -> Sequence[Any] | None:
        rows = await read_rows(self._reader, "log.db", statement, *values)
        return rows[0] if rows else None

    async def _events(
        self, statement: str, *values: object, up_to_damage: bool = False
    ) -> list[Event]:
        rows = await read_rows(self._reader, "log.db", statement, *values)
        return stored_events(rows, up_to_damage=up_to_damage)


def _bounded(number: int, maximum: int) -> int:
    # SQLite reads a negative limit as none at all, and refuses integers over 64 bits.
    return max(0, min(number, maximum))
