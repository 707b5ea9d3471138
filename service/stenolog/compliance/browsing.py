"""Declare how commands list events: from any position, of a type, of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.compliance.records import Records, StoredRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events are listed.

    Attributes:
        event_type: Of this type alone; with a `*` at its end, of all that begin so.
        stream: Of this stream alone.
    """

    event_type: str | None = None
    stream: str | None = None

    @property
    def everything(self) -> bool:
        """Whether no event is passed over."""
        return self.event_type is None and self.stream is None


class BrowsableRecords(Records, Protocol):
    """Reads the log from any position; rows come without their payloads.

    Attributes:
        copied: The log is one as a backup has it.
    """

    copied: bool

    def rows_behind(self, after: int, limit: int, wanted: Wanted) -> Sequence[StoredRow]:
        """Return at most `limit` rows with positions greater than `after`, in order.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...

    def first_of_last(self, count: int, after: int, wanted: Wanted) -> int:
        """Return the position of the first of the last `count` rows behind `after`; 0: none.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...

    def streams_like(self, beginnings: Sequence[str], limit: int) -> Sequence[str]:
        """Return at most `limit` names of streams that begin with one of these.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...

    def key_name(self, key: str) -> str | None:
        """Return the name of the API key with this id; None when there is none.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        ...

    def lost_keys(self) -> int:
        """Count the streams whose key a start found missing, and that are not erased since.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...
