"""Fill generations that are being built, a batch at a time, until they replace the live ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from stenolog.backoff import exponential_ms
from stenolog.projections.rows import Hold
from stenolog.projections.run.batches import Batch, Batches, report_held
from stenolog.projections.run.generations import next_to_build
from stenolog.projections.views import ViewWriter
from stenolog.projections.views_state import ViewsState

# A batch that is interrupted so often is taken as it is: what it holds for now is projected again
# once it is live. Until then readers have the live generation, which may well show it.
INTERRUPTIONS_MAX = 5
PAUSE_FIRST_MS = 1_000
PAUSE_CEILING_MS = 30_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Says what a step of building came to.

    Attributes:
        moved: There may be more to build now.
        written: The generations are not where they were.
        switched: Generations went live.
    """

    moved: bool = False
    written: bool = False
    switched: bool = False


class Builder:
    """Builds in steps between the projector's batches, so that a rebuild stops no live view."""

    def __init__(
        self,
        batches: Batches,
        views: ViewWriter,
        wake: Callable[[], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wake` has a step made when a pause is over."""
        self._batches = batches
        self._views = views
        self._wake = wake
        self._monotonic = monotonic
        self._interrupted = 0
        self._paused_until = 0.0

    async def step(self, state: ViewsState, is_overtaken: Callable[[Batch], bool]) -> Step:
        """Bring a batch into the generations that are furthest behind.

        Raises:
            StoreUnavailable: A store failed; where the generations are must be read again.
        """
        generations, until = next_to_build(state)
        if not generations or self._monotonic() < self._paused_until:
            return Step()
        after = generations[0].position
        batch = await self._batches.project_up_to(generations, after, until)
        if batch is not None and self._put_off(batch):
            return Step()
        if batch is not None and is_overtaken(batch):
            return Step(moved=True)
        position = batch.checkpoint.position if batch is not None else until
        switched = await self._views.build(
            [one.generation for one in generations],
            batch.changes if batch is not None else (),
            after=after,
            position=position,
        )
        if batch is not None:
            report_held(batch)
        if switched:
            for one in generations:
                log.info("projection.rebuilt", projection=one.projection, position=position)
        return Step(moved=True, written=True, switched=switched)

    def _put_off(self, batch: Batch) -> bool:
        """Tell whether an interrupted batch is made again, after a pause."""
        if not any(isinstance(change, Hold) and change.for_now for change in batch.changes):
            self._interrupted = 0
            return False
        self._interrupted += 1
        if self._interrupted > INTERRUPTIONS_MAX:
            self._interrupted = 0
            return False
        pause_ms = exponential_ms(
            self._interrupted, first_ms=PAUSE_FIRST_MS, ceiling_ms=PAUSE_CEILING_MS
        )
        log.warning("projection.rebuild_interrupted", tries=self._interrupted, retry_in_ms=pause_ms)
        self._paused_until = self._monotonic() + pause_ms / 1000
        asyncio.get_running_loop().call_later(pause_ms / 1000, self._wake)
        return True
