"""Describe a page of the log: what follows a position, also where records are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stenolog.errors import RecordDamaged
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.event import Event
from stenolog.log.store import EventStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Positions without a record, the first and the last of them."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Consecutive events, and where a reader stands once it has processed them.

    Attributes:
        events: In order; none at the end of the log, and where no event can be read.
        checkpoint: Behind the page: its last event, or what stands there instead of one.
        head: The log's last position when the page was read.
        damaged: The record at `checkpoint` cannot be read; then there are no events.
        missing: The positions of the page that have no record at all, in order.
    """

    events: Sequence[Event]
    checkpoint: Checkpoint
    head: int
    damaged: RecordDamaged | None = None
    missing: Sequence[Gap] = ()

    @property
    def is_last(self) -> bool:
        """Whether the log ended with this page."""
        return self.checkpoint.position >= self.head

    def behind(self, position: int) -> Page:
        """Return what is left for a reader that has heeded the page up to `position`."""
        return replace(self, events=[one for one in self.events if one.position > position])

    def until(self, position: int) -> Page:
        """Return the part up to `position`, for a reader that must not go further."""
        if self.checkpoint.position <= position:
            return self
        return replace(
            self,
            events=[one for one in self.events if one.position <= position],
            checkpoint=Checkpoint(position=position, event_id=""),
            damaged=None,
        )


async def read_page(log: EventStore, after: Checkpoint, *, limit: int) -> Page:
    """Read at most `limit` events that follow `after`.

    A damaged record makes a page of its own, and so do records that are missing at the end of the
    log: a reader goes on behind them, because no later reading would find them.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    position, head = after.position, await log.head()
    try:
        events = await log.read(after=position, limit=limit)
    except RecordDamaged as exc:
        damaged = Checkpoint(position=exc.position, event_id="")
        gaps = _gaps(position, [exc.position])
        return Page(events=(), checkpoint=damaged, head=head, damaged=exc, missing=gaps)
    if events:
        last = Checkpoint(position=events[-1].position, event_id=events[-1].id)
        gaps = _gaps(position, [event.position for event in events])
        return Page(events=events, checkpoint=last, head=max(head, last.position), missing=gaps)
    if position < head:
        gap = Gap(first=position + 1, last=head)
        end = Checkpoint(position=head, event_id="")
        return Page(events=(), checkpoint=end, head=head, missing=(gap,))
    return Page(events=(), checkpoint=after, head=head)


def _gaps(after: int, positions: Sequence[int]) -> tuple[Gap, ...]:
    """Find the positions after `after`, and among these, that have no record."""
    if positions[-1] == after + len(positions):
        return ()
    before = (after, *positions)
    return tuple(
        Gap(first=last + 1, last=position - 1)
        for last, position in zip(before, positions, strict=False)
        if position > last + 1
    )
