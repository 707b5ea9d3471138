"""Project a bounded piece of the log, for some generations of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from stenolog.errors import RecordDamaged
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.page import Page, read_page
from stenolog.log.store import EventStore, Sealer
from stenolog.projections.projection import Projection
from stenolog.projections.rows import Change, Hold, StatusRow
from stenolog.projections.run.chain import Chain
from stenolog.projections.run.histories import Beginning, Histories
from stenolog.projections.run.opening import EventOpener, of_transcription
from stenolog.projections.run.registry import OpenedEvent
from stenolog.projections.run.whole_streams import DAMAGED, WholeStreams
from stenolog.projections.views import TRANSCRIPTIONS_VIEW, ViewWriter
from stenolog.projections.views_state import Generation
from stenolog.side_process import SideProcess

EVENTS_PER_BATCH = 256  # as many as one commit of the log
EVENTS_PER_ADOPTION_MAX = 2_000  # of 64 transcriptions; those beyond it are read one by one
BYTES_PER_BATCH = 4 << 20  # plaintext; the event that goes beyond it is the batch's last

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What some consecutive events change, and where the last of them stands.

    Attributes:
        transcriptions: Whose events they are.
        readable: Rows of transcriptions whose outcome is in it, each as of that event.
        damaged: A record that cannot be read ends it.
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
        histories: Histories,
    ) -> None:
        self._log = log_store
        self._histories = histories
        self._opener = EventOpener(log_store, sealer, projections, histories)
        self._views = views
        self._projections = projections
        self._side_process = SideProcess()
        self._whole = WholeStreams(log_store, histories, self._opener, projections)

    def erase(self, stream: str) -> None:
        """Forget this stream's content, and open none of it any more."""
        self._opener.erase(stream)

    async def close(self) -> None:
        """End the side processes."""
        await self._side_process.close()
        await self._whole.close()

    async def project(
        self, generations: Sequence[Generation], page: Page, *, adopting: bool = False
    ) -> Batch:
        """Project the page, or as much of its beginning as a batch may hold.

        A damaged record holds the transcription in whose stream it is. With `adopting`, a
        transcription of which nothing was projected yet is projected from its beginning.

        Raises:
            StoreUnavailable: A store cannot be read now.
        """
        if page.damaged is not None:
            return await self._damaged(generations, page.damaged, adopting=adopting)
        events = [event for event in page.events if of_transcription(event)]
        chain = await self._chain(
            generations, {event.stream.removeprefix(TRANSCRIPTION) for event in events}
        )
        names = chain.names
        prepared = await self._opener.prepare(events, names)
        checkpoint = page.checkpoint
        for event in events:
            transcription = event.stream.removeprefix(TRANSCRIPTION)
            if adopting and event.version > 1 and chain.is_unknown(transcription):
                await self._whole.follow(chain, event.stream, until=event.position)
            else:
                await chain.add(await self._opener.read(event, names, prepared))
            if chain.size >= BYTES_PER_BATCH:
                checkpoint = Checkpoint(position=event.position, event_id=event.id)
                break
        return _batch_of(chain, checkpoint)

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

    async def adopt(
        self, generations: Sequence[Generation], begun: Sequence[Beginning], *, until: int
    ) -> Batch:
        """Project these transcriptions from their beginning up to the position `until`.

        The batch's checkpoint is where the last of them begins that it holds: none of those of
        which something was projected before, which are as far already.

        Raises:
            StoreUnavailable: A store cannot be read now.
        """
        ids = {one.stream: one.stream.removeprefix(TRANSCRIPTION) for one in begun}
        chain = await self._chain(generations, set(ids.values()))
        new = [one.stream for one in begun if chain.is_unknown(ids[one.stream])]
        whole = await self._histories.read_streams(new, limit=EVENTS_PER_ADOPTION_MAX)
        events = [one for stream in whole.values() for one in stream if one.position <= until]
        prepared = await self._opener.prepare(events, chain.names)
        reached, size = begun[-1].position, 0
        streams: list[list[OpenedEvent]] = []
        for one in begun:
            if one.stream in whole:
                opened = await self._whole.opened(whole[one.stream], chain.names, prepared, until)
                streams.append(opened)
                size += sum(event.size for event in opened)
            elif one.stream in new:
                await self._whole.follow(chain, one.stream, until=until)
            if size + chain.size >= BYTES_PER_BATCH:
                reached = one.position
                break
        await self._whole.add(chain, streams, size)
        return _batch_of(chain, Checkpoint(position=reached, event_id=""))

    async def _damaged(
        self, generations: Sequence[Generation], damaged: RecordDamaged, *, adopting: bool
    ) -> Batch:
        """Hold the transcription in whose stream the record is, behind what can be read of it."""
        ids, until = _of_stream(damaged.stream), damaged.position
        chain = await self._chain(generations, ids)
        if adopting and any(chain.is_unknown(one) for one in ids):
            await self._whole.follow(chain, damaged.stream, until=until)
        chain.hold(damaged, DAMAGED)
        return _batch_of(chain, Checkpoint(position=until, event_id=""), damaged=True)

    async def _chain(self, generations: Sequence[Generation], transcriptions: set[str]) -> Chain:
        """Return a chain that begins with what these generations hold."""
        names = [one.projection for one in generations]
        rows: Mapping[str, StatusRow] = {}
        held: set[tuple[str, str]] = set()
        if transcriptions:
            statuses = [
                one.generation for one in generations if one.projection == TRANSCRIPTIONS_VIEW
            ]
            known = await self._views.known(
                statuses[0] if statuses else None,
                [one.generation for one in generations],
                transcriptions,
            )
            projection_of = {one.generation: one.projection for one in generations}
            rows, held = known.rows, {(projection_of[number], id_) for number, id_ in known.held}
        return Chain(names, self._projections, self._side_process, rows, held)


def _of_stream(stream: str) -> set[str]:
    is_transcription = stream.startswith(TRANSCRIPTION)
    return {stream.removeprefix(TRANSCRIPTION)} if is_transcription else set()


def _batch_of(chain: Chain, checkpoint: Checkpoint, *, damaged: bool = False) -> Batch:
    return Batch(
        changes=chain.changes(),
        checkpoint=checkpoint,
        transcriptions=frozenset(chain.transcriptions),
        readable=tuple(chain.readable),
        damaged=damaged,
    )


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
