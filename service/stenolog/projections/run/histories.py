"""Declare how the projector reads many streams at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.log.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where a stream begins in the log."""

    position: int
    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A payload as it stands in the log, without its commitment, which its event has."""

    key_id: str
    box: bytes


class Histories(Protocol):
    """Reads many streams in few calls; `stores/*/log` keeps this promise.

    Every method raises `StoreUnavailable` when the log cannot be read now.
    """

    async def beginnings(
        self, category: str, *, after: int, until: int, limit: int
    ) -> Sequence[Beginning]:
        """Return the first `limit` streams that begin behind `after`, at `until` at the latest.

        Their names start with `category`; they come in order of position.
        """
        ...

    async def read_streams(
        self, streams: Collection[str], *, limit: int
    ) -> Mapping[str, Sequence[Event]]:
        """Return all events of these streams, at most `limit` together.

        A stream that is damaged, or that the limit cuts, is left out.
        """
        ...

    async def positions_of(self, stream: str, *, after: int, limit: int) -> Sequence[int]:
        """Return where records of the stream stand behind `after`, whether they can be read or not.

        At most `limit`, in order of version.
        """
        ...

    async def boxes(self, positions: Collection[int], *, bytes_max: int) -> Mapping[int, Box]:
        """Return the payloads at these positions that have at most `bytes_max` bytes."""
        ...
