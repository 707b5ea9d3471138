"""Project whole streams: many of them beside the event loop, one with damage record by record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from stenolog.log.checkpoint import Checkpoint
from stenolog.log.event import Event
from stenolog.log.page import read_page
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore
from stenolog.projections.projection import Projection
from stenolog.projections.run.chain import Chain, project_streams, with_states
from stenolog.projections.run.histories import Histories
from stenolog.projections.run.one_event import INTERRUPTIONS
from stenolog.projections.run.opening import EventOpener, Prepared
from stenolog.projections.run.registry import OpenedEvent
from stenolog.side_process import SideProcess

BESIDE_EVENTS_MIN = 64  # fewer are projected sooner than sent
IDLE_MS = 10_000  # then the process ends: nothing is filled any more
DAMAGED = "a record of its stream is damaged"
SLOWER = "none is needed: until the next start it is done here, which takes longer"

log = structlog.get_logger(__name__)


class WholeStreams:
    """Opens whole streams, and adds them to a chain."""

    def __init__(
        self,
        log_store: EventStore,
        histories: Histories,
        opener: EventOpener,
        projections: Mapping[str, Projection],
    ) -> None:
        self._log = log_store
        self._histories = histories
        self._opener = opener
        self._projections = projections
        self._side_process = SideProcess(idle_ms=IDLE_MS)
        self._beside = True

    async def close(self) -> None:
        """End the side process."""
        await self._side_process.close()

    async def opened(
        self, events: Sequence[Event], names: Sequence[str], prepared: Prepared, until: int
    ) -> list[OpenedEvent]:
        """Return the events of one stream up to the position `until`, opened, without states.

        Raises:
            StoreUnavailable: A store cannot be read now.
        """
        return [
            await self._opener.read(event, names, prepared, with_state=False)
            for event in events
            if event.position <= until
        ]

    async def add(self, chain: Chain, streams: Sequence[Sequence[OpenedEvent]], size: int) -> None:
        """Project whole streams: many of them in another process, which leaves the loop alone."""
        if self._beside and sum(map(len, streams)) >= BESIDE_EVENTS_MIN:
            try:
                projected = await self._side_process.run(
                    project_streams, chain.names, self._projections, streams, size=size
                )
            except INTERRUPTIONS as exc:
                # One by one, it shows which of them it is.
                self._beside = False
                log.warning("views.filled_here", reason=type(exc).__name__, advice=SLOWER)
            else:
                chain.join(projected)
                return
        for events in streams:
            for opened in with_states(events):
                await chain.add(opened)

    async def follow(self, chain: Chain, stream: str, *, until: int) -> None:
        """Project one stream from its beginning, whatever of it can be read."""
        after = 0
        while True:
            positions = await self._histories.positions_of(
                stream, after=after, limit=EVENTS_PER_READ_MAX
            )
            for position in positions:
                if position > until:
                    return
                page = await read_page(
                    self._log, Checkpoint(position=position - 1, event_id=""), limit=1
                )
                if page.damaged is not None:
                    chain.hold(page.damaged, DAMAGED)
                for event in page.events:
                    await chain.add(await self._opener.read(event, chain.names))
            if len(positions) < EVENTS_PER_READ_MAX:
                return
            after = positions[-1]
