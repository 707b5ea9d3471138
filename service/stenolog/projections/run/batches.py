"""Project a bounded piece of the log, for some generations of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from stenolog.errors import RecordDamaged
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.transcriptions import TRANSCRIPTION, ErasureRequested
from stenolog.log.page import Page, read_page
from stenolog.log.store import EventStore, Sealer
from stenolog.projections.of.items import OUTCOMES
from stenolog.projections.projection import Projection
from stenolog.projections.rows import Change, Hold, StatusRow
from stenolog.projections.run.one_event import INTERRUPTIONS, held_for_now, project_event
from stenolog.projections.run.opening import EventOpener, of_transcription
from stenolog.projections.run.registry import OpenedEvent, status_after
from stenolog.projections.views import TRANSCRIPTIONS_VIEW, Generation, ViewWriter
from stenolog.side_process import SideProcess

EVENTS_PER_BATCH = 256  # as many as one commit of the log
BYTES_PER_BATCH = 4 << 20  # plaintext; the event that goes beyond it is the batch's last

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What some consecutive events change, and where the last of them stands.

    Attributes:
        transcriptions: Whose events they are.
        readable: Rows of transcriptions whose outcome is in it, each as of that event.
        damaged: A record that cannot be read is all that it is made of.
    """

    changes: tuple[Change, ...]
    checkpoint: Checkpoint
    transcriptions: frozenset[str] = frozenset()
    readable: tuple[StatusRow, ...] = ()
    damaged: bool = False


class Batches:
    """Reads, opens and projects; writes nothing."""

    def __init__(
        self,
        log_store: EventStore,
        sealer: Sealer,
        views: ViewWriter,
        projections: Mapping[str, Projection],
    ) -> None:
        self._log = log_store
        self._opener = EventOpener(log_store, sealer, projections)
        self._views = views
        self._projections = projections
        self._side_process = SideProcess()

    def forget(self, stream: str) -> None:
        """Forget this stream's content."""
        self._opener.forget(stream)

    async def close(self) -> None:
        """End the side process."""
        await self._side_process.close()

    async def project(self, generations: Sequence[Generation], page: Page) -> Batch:
        """Project the page, or as much of its beginning as a batch may hold.

        A damaged record holds the transcription in whose stream it is.

        Raises:
            StoreUnavailable: A store cannot be read now.
        """
        if page.damaged is not None:
            return await self._held_by(page.damaged, generations)
        names = [one.projection for one in generations]
        opened_events, checkpoint = await self._read(names, page)
        touched = {one.transcription for one in opened_events}
        rows, held = await self._known(generations, touched)
        changes: list[Change] = []
        readable: list[StatusRow] = []
        for opened in opened_events:
            transcription = opened.transcription
            if opened.event.type == ErasureRequested.type:
                held -= {(name, transcription) for name in names}  # nothing is left to fail on
            willing = [name for name in names if (name, transcription) not in held]
            made = await self._one(willing, opened, rows.get(transcription))
            row = status_after(made, rows.get(transcription))
            if row is not None:
                if opened.event.type in OUTCOMES and row != rows.get(transcription):
                    readable.append(row)
                rows[transcription] = row
            held |= {(one.projection, transcription) for one in made if isinstance(one, Hold)}
            changes += made
        return Batch(
            changes=tuple(changes),
            checkpoint=checkpoint,
            transcriptions=frozenset(touched),
            readable=tuple(readable),
        )

    async def project_up_to(
        self, generations: Sequence[Generation], after: int, until: int
    ) -> Batch | None:
        """Project the events after `after`, up to `until` at most; None: there are none.

        Raises:
            StoreUnavailable: A store cannot be read now.
        """
        limit = min(EVENTS_PER_BATCH, until - after)
        if limit <= 0:
            return None
        page = await read_page(self._log, Checkpoint(position=after, event_id=""), limit=limit)
        page = page.until(until)
        if not page.events and page.damaged is None:
            return None
        return await self.project(generations, page)

    async def _held_by(self, damaged: RecordDamaged, generations: Sequence[Generation]) -> Batch:
        """Return the batch of a record that no projection can be shown."""
        changes: tuple[Change, ...] = ()
        if damaged.stream.startswith(TRANSCRIPTION):
            transcription = damaged.stream.removeprefix(TRANSCRIPTION)
            _, held = await self._known(generations, {transcription})
            changes = tuple(
                Hold(
                    projection=one.projection,
                    transcription=transcription,
                    position=damaged.position,
                    reason="a record of its stream is damaged",
                )
                for one in generations
                if (one.projection, transcription) not in held
            )
        return Batch(
            changes=changes,
            checkpoint=Checkpoint(position=damaged.position, event_id=""),
            damaged=True,
        )

    async def _known(
        self, generations: Sequence[Generation], transcriptions: set[str]
    ) -> tuple[dict[str, StatusRow], set[tuple[str, str]]]:
        """Their rows, and the pairs of projection and transcription that are held."""
        if not transcriptions:
            return {}, set()
        statuses = [one.generation for one in generations if one.projection == TRANSCRIPTIONS_VIEW]
        known = await self._views.known(
            statuses[0] if statuses else None,
            [one.generation for one in generations],
            transcriptions,
        )
        projection_of = {one.generation: one.projection for one in generations}
        return dict(known.rows), {(projection_of[number], id_) for number, id_ in known.held}

    async def _read(self, names: Sequence[str], page: Page) -> tuple[list[OpenedEvent], Checkpoint]:
        """Return the events with their payloads, and behind which of them the batch ends."""
        opened_events: list[OpenedEvent] = []
        size = 0
        for event in page.events:
            if of_transcription(event):
                opened_events.append(await self._opener.read(event, names))
                size += opened_events[-1].size
            if size >= BYTES_PER_BATCH:
                return opened_events, Checkpoint(position=event.position, event_id=event.id)
        return opened_events, page.checkpoint

    async def _one(
        self, names: Sequence[str], opened: OpenedEvent, current: StatusRow | None
    ) -> tuple[Change, ...]:
        try:
            return await project_event(
                self._side_process, names, opened, current, self._projections
            )
        except INTERRUPTIONS as exc:
            return held_for_now(names, opened, self._projections, exc)


def report_readable(rows: Sequence[StatusRow]) -> None:
    """Write one log line for every outcome that became readable."""
    for row in rows:
        log.info(
            "projection.readable",
            transcription_id=row.id,
            correlation_id=row.correlation_id,
            position=row.position,
            status=row.status,
        )


def report_held(batch: Batch) -> bool:
    """Write one line for every transcription that a projection could not digest.

    None for a damaged record, which the subscription tells of. Return whether any of them is held
    for now.
    """
    for_now = False
    for change in () if batch.damaged else batch.changes:
        if isinstance(change, Hold):
            for_now |= change.for_now
            tell = log.warning if change.for_now else log.error
            tell(
                "projection.held",
                projection=change.projection,
                transcription_id=change.transcription,
                position=change.position,
                reason=change.reason,
            )
    return for_now
