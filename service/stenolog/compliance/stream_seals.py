"""Seal the log: commit in it to where every stream ends, so that nobody can leave off the newest.

The map is a function of the log. What is kept of it is only there to be quicker, and is compared
with the last seal before it is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from stenolog.compliance.head_keeper import HELD, HeadKeeper
from stenolog.compliance.proving import hashes_of
from stenolog.compliance.stream_ends import KeptTiles, MapNodes, ReadEnds
from stenolog.errors import RecordDamaged, StoreError, StoreUnavailable
from stenolog.log.actors import SYSTEM, SYSTEM_TENANT
from stenolog.log.event import Event
from stenolog.log.events.logs import LOG, LogSealed
from stenolog.log.merkle import HASH_BYTES
from stenolog.log.proofs import inclusion_parts
from stenolog.log.recorder import Cause, Fact, FactRecorder, new_id
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore
from stenolog.log.stream_map import TILE, StreamEnd, StreamMap, grouped

POSITIONS_PER_READ = 4_096  # a few milliseconds of the thread that reads
TILES_PER_READ = POSITIONS_PER_READ // TILE
NOT_KEPT = "none is needed: the next start reads the log once more"
LOOK = "run `stenolog log verify`; the next seal is of the log as it is"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A `log.sealed` event.

    Attributes:
        position: Where it stands; a tree head covers it.
        events: Of how many events it says where streams end.
        root: Of the map, in hex.
        version: Of the event, in the stream of the log.
    """

    position: int
    version: int
    events: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEnd:
    """Where a stream ended, and the audit path from its entry in the map to the seal's root."""

    seal: Seal
    end: StreamEnd
    path: Sequence[bytes]


class StreamSeals:
    """Seals the log, and proves where streams end by the last seal; one thing at a time.

    Attributes:
        stream: Of the log's own events, in which seals stand.
    """

    def __init__(
        self,
        events: EventStore,
        ends: ReadEnds,
        tiles: KeptTiles,
        facts: FactRecorder,
        keeper: HeadKeeper,
    ) -> None:
        self._events = events
        self._ends = ends
        self._tiles = tiles
        self._facts = facts
        self._keeper = keeper
        self.stream = LOG + keeper.identity.log_id
        self._map: StreamMap | None = None
        self._last: Seal | None = None
        self._changed: dict[int, bytes] = {}  # nodes that the file has not yet
        self._one = asyncio.Lock()

    async def seal(self) -> Seal:
        """Seal what the log has, unless the last seal did; a tree head covers the seal.

        Raises:
            StoreError: The log cannot be read or written now, or a record that is needed is
                damaged.
        """
        async with self._one:
            return await self._sealed(await self._events.head())

    async def proven(self, first: int, until: int) -> SealedEnd:
        """Prove where the stream ends that began at `first`, with its event at `until` covered.

        Raises:
            StoreError: As `seal`.
        """
        async with self._one:
            seal, streams = await self._sealed(until), self._map
            assert streams is not None
            nodes = MapNodes(streams, self._ends)
            path = await hashes_of(nodes, inclusion_parts(first - 1, seal.events))
            (end,) = await self._ends.ends(after=first - 1, until=first, size=seal.events)
            return SealedEnd(seal=seal, end=end, path=path)

    async def _sealed(self, until: int) -> Seal:
        """Return a seal over the event at `until`, whose map is the one that is held."""
        if self._keeper.held:
            raise StoreUnavailable(HELD)
        streams = self._map or await self._opened()
        last = self._last
        if last and (until <= last.events or until == last.position == last.events + 1):
            await self._keeper.cover(last.position)
            return last
        events = await self._events.head()
        self._last = None  # the map leaves it, and where the next one stands is not known yet
        await self._grow(streams, events)
        root = (await asyncio.to_thread(streams.root)).hex()
        cause = Cause(tenant=SYSTEM_TENANT, actor=SYSTEM, correlation_id=new_id())
        fact = Fact(data=LogSealed(events=events, root=root))
        appended = await self._facts.record(self.stream, [fact], cause)
        (position,), version = appended.positions, appended.version
        self._last = Seal(position=position, version=version, events=events, root=root)
        await self._keeper.cover(position)
        await self._keep()
        return self._last

    async def _opened(self) -> StreamMap:
        """Return the map of the last seal, from the file or made again; note the seal."""
        found = await self._last_sealed()
        streams = StreamMap()
        if found is not None:
            data = LogSealed.model_validate(found.data)
            seal = Seal(
                position=found.position,
                version=found.version,
                events=data.events,
                root=data.root,
            )
            streams = await self._from_file(seal.events)
            if (await asyncio.to_thread(streams.root)).hex() != seal.root:
                log.info("stream_map.made_again", events=seal.events)
                streams = StreamMap()
                await self._grow(streams, seal.events)
                await self._keep()
            if (await asyncio.to_thread(streams.root)).hex() == seal.root:
                self._last = seal
            else:
                log.error("log.sealed_otherwise", position=seal.position, advice=LOOK)
        self._map = streams
        return streams

    async def _from_file(self, size: int) -> StreamMap:
        whole = size // TILE
        tiles = (await self._tiles.read())[: whole * HASH_BYTES]
        if len(tiles) < whole * HASH_BYTES:
            return StreamMap()
        return StreamMap(
            size, tiles, await self._ends.ends(after=whole * TILE, until=size, size=size)
        )

    async def _last_sealed(self) -> Event | None:
        """Return the log's last `log.sealed`; None: there is none, or it cannot be read."""
        after = await self._events.version(self.stream)
        while after:
            after = max(0, after - EVENTS_PER_READ_MAX)
            try:
                page = await self._events.read_stream(self.stream, after=after)
            except RecordDamaged:
                return None
            for event in reversed(page):
                if event.type == LogSealed.type:
                    return event
        return None

    async def _grow(self, streams: StreamMap, size: int) -> None:
        """Bring the map to `size` events, reading little at a time."""
        begun: set[int] = set()
        for after in range(streams.size, size, POSITIONS_PER_READ):
            until = min(after + POSITIONS_PER_READ, size)
            begun.update(await self._ends.begun(after=after, until=until))
        for numbers in grouped(streams.stale(begun, size), TILES_PER_READ):
            after, until = numbers[0] * TILE, min((numbers[-1] + 1) * TILE, size)
            ends = await self._ends.ends(after=after, until=until, size=size)
            self._changed |= streams.put(numbers, size, ends)
            await asyncio.sleep(0)

    async def _keep(self) -> None:
        """Write what has changed to the file; without it the next start takes longer."""
        try:
            await self._tiles.write(self._changed)
        except StoreError as exc:
            log.warning("stream_map.not_kept", error=str(exc), advice=NOT_KEPT)
        else:
            self._changed = {}
