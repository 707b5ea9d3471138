"""Declare where the ends of streams are read, and where nodes of their map are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from stenolog.log.merkle import Place
from stenolog.log.stream_map import StreamEnd, StreamMap
from stenolog.log.subtrees import Span


class ReadEnds(Protocol):
    """Says where streams begin and end; `stores/*/log` keeps this promise.

    Every method raises `StoreError` when a record that it needs is damaged, and `StoreUnavailable`
    when the log cannot be read now.
    """

    async def begun(self, *, after: int, until: int) -> Sequence[int]:
        """Return where streams began, up to `after`, that have events in (after, until]."""
        ...

    async def ends(self, *, after: int, until: int, size: int) -> Sequence[StreamEnd]:
        """Return the streams that began in (after, until], as they ended after `size` events."""
        ...


class KeptTiles(Protocol):
    """Keeps the map's nodes; `stores/files/stream_tiles` keeps this promise."""

    async def read(self) -> bytes:
        """Return what was written, one node behind the other; whatever can be read."""
        ...

    async def write(self, changed: Mapping[int, bytes]) -> None:
        """Write these nodes, by their number.

        Raises:
            StoreUnavailable: They may not have been written, or not all.
        """
        ...


class MapNodes:
    """Reads the map's nodes as those of the log are read."""

    def __init__(self, streams: StreamMap, ends: ReadEnds) -> None:
        self.streams = streams
        self._ends = ends

    async def nodes(self, spans: Sequence[Span]) -> Mapping[Place, bytes]:
        """Takes leaves of whole tiles from the log, all others from the map."""
        leaves: dict[int, bytes] = {}
        for span in spans:
            if not span.level:
                ends = await self._ends.ends(
                    after=span.first, until=span.last + 1, size=self.streams.size
                )
                leaves.update((end.first - 1, end.leaf()) for end in ends)
        places = [
            Place(span.level, number)
            for span in spans
            for number in range(span.first, span.last + 1)
        ]
        return await asyncio.to_thread(
            lambda: {place: self.streams.node(place, leaves) for place in places}
        )
