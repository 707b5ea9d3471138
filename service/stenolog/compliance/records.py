"""Declare how verification reads the log's files: as they are, without interpreting them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from stenolog.compliance.data_keys import WrappedKey
from stenolog.compliance.scratch import ScratchSpace
from stenolog.errors import EvidenceError, StoreError
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Place
from stenolog.log.stream_map import StreamEnd

ROWS_PER_READ = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """One event as its file has it: the columns, the bytes, and the payload."""

    position: int
    id: str
    stream: str
    version: int
    tenant: str
    sequence: int
    type: str
    stored: bytes
    leaf: bytes
    key_id: str | None
    box: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRow:
    """A place where a record cannot be read, or is missing, and why."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTree:
    """The tree, and the first and last positions that have rows, seen in one transaction.

    Attributes:
        count: -1 when it is missing or no number.
        nodes: How many nodes are kept above the leaves.
        last_us: The time of the last event, as the tree's row says it.
        first: The least position of an event or a payload; 1 when there is none.
        last: The greatest; 0 when there is none.
    """

    count: int
    frontier: bytes
    nodes: int
    last_us: object
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRow:
    """What the log keeps of one stream to which something is owed.

    Attributes:
        said: Position and version of its last event; whether anything must be done, an outcome is
            owed, and it is urgent, as 0 or 1; two lists of numbers, with commas between.
    """

    stream: str
    said: Sequence[object]


class RecordedStreams(Protocol):
    """Says where streams begin and end; raises `StoreUnavailable` when that cannot be read."""

    def begun(self, after: int, until: int) -> Sequence[int]:
        """Return where streams began, up to `after`, that have events in (after, until]."""
        ...

    def ends(self, after: int, until: int, size: int) -> Sequence[StreamEnd]:
        """Return the streams that began there, as they ended after `size` events.

        Raises `StoreError` when index and records of a stream do not agree.
        """
        ...


class Records(Protocol):
    """Reads the log's files without interpreting them; `stores/*/records` keeps this promise."""

    @property
    def identity(self) -> LogIdentity | None:
        """Which log the file says that it is; None when it does not say."""
        ...

    streams: RecordedStreams

    @property
    def keys_missing(self) -> str:
        """Say why nothing is known of keys, as of a backup's log alone; empty: they are here."""
        ...

    def tree(self) -> StoredTree:
        """Return the tree's row and the ends of the tables, from one moment.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def rows(self, after: int, until: int) -> Sequence[StoredRow]:
        """Return the rows with positions in (after, until], in order.

        Raises:
            StoreUnavailable: One of them cannot be read.
        """
        ...

    def node(self, place: Place) -> bytes | None:
        """Return the hash of a kept node above the leaves; None: it is not there.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def erasure(self, stream: str, after: int) -> StoredRow | None:
        """Return the stream's first row of `sealings.EXCUSING` at position `after` or later.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def data_key(self, key_id: str) -> WrappedKey | None:
        """Return the wrapped key with this id."""
        ...

    def has_key(self, stream: str) -> bool:
        """Tell whether the stream has a key now.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def dedupe_position(self, key: str) -> int | None:
        """Return the position that a dedupe key leads to; None: there is no such key.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def dedupe_keys(self) -> int:
        """Count the dedupe keys, but for those of requests, which a client made.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...

    def stream_ends(self) -> Iterator[tuple[str, tuple[object, object]]]:
        """Yield position and version that the log keeps as each stream's last, by stream.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...

    def tenant_ends(self) -> Iterator[tuple[str, tuple[object, object]]]:
        """Yield sequence and position that the log keeps as each tenant's last, by tenant.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...

    def open_rows(self) -> Iterator[OpenRow]:
        """Yield what the log keeps of open transcriptions, by stream.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Read the log within it as it is at one moment; to be left soon, for its WAL grows.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def scratch(self) -> ScratchSpace:
        """Return room for what is remembered of the streams.

        Raises:
            StoreUnavailable: There is no place for it.
        """
        ...

    def structure(self, alive: Callable[[], None]) -> Iterator[str]:
        """Yield sentences on what is wrong with the files themselves, whatever the records say.

        `alive` is called about once in a second meanwhile.
        """
        ...


def every_row(
    records: Records, count: int, *, behind: int = 0, accepted: Container[int] = ()
) -> Iterator[StoredRow | NoRow]:
    """Yield the rows with positions after `behind`, up to `count`, in order.

    Raises:
        EvidenceError: One is missing or cannot be read, and its position is none of `accepted`.
    """
    for after in range(behind, count, ROWS_PER_READ):
        until = min(after + ROWS_PER_READ, count)
        try:
            rows = records.rows(after, until)
        except StoreError:
            rows = ()
        if len(rows) == until - after:
            yield from rows
        else:
            yield from _one_by_one(records, after, until, accepted)


def _one_by_one(
    records: Records, after: int, until: int, accepted: Container[int]
) -> Iterator[StoredRow | NoRow]:
    for position in range(after + 1, until + 1):
        try:
            rows, reason = records.rows(position - 1, position), "the record is missing"
        except StoreError as exc:
            rows, reason = (), f"the record cannot be read: {exc}"
        if rows:
            yield from rows
        elif position in accepted:
            yield NoRow(position=position, reason=reason)
        else:
            raise EvidenceError(reason, position)
