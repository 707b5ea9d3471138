"""The log's files as verification asks for them: read, and not interpreted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.compliance.vault import WrappedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """One event as its file has it: the columns, the bytes, and the payload beside it."""

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
class StoredTree:
    """What one transaction saw: the tree, and the positions between which there are rows.

    Attributes:
        count: -1 when it is missing or no number.
        first: The least position of an event or a payload; 1 when there is none.
        last: The greatest; 0 when there is none.
    """

    count: int
    frontier: bytes
    first: int
    last: int


class Records(Protocol):
    """The log's files, read without interpretation; `stores/*/records` keeps this promise."""

    def tree(self) -> StoredTree:
        """The tree's row and the ends of the tables, from one moment.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def rows(self, after: int, until: int) -> Sequence[StoredRow]:
        """The rows with positions in (after, until], in order.

        Raises:
            StoreUnavailable: One of them cannot be read.
        """
        ...

    def data_key(self, key_id: str) -> WrappedKey | None:
        """The wrapped key with this id."""
        ...
