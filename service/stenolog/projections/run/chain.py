"""Project events one after the other, each on the row that those before it have left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stenolog.commands.transcription.state import Transcription
from stenolog.errors import RecordDamaged
from stenolog.log.events.transcriptions import TRANSCRIPTION, ErasureRequested
from stenolog.projections.of.items import OUTCOMES
from stenolog.projections.projection import Projection
from stenolog.projections.rows import Change, Forget, Hold, PutStatus, PutView, StatusRow
from stenolog.projections.run.one_event import INTERRUPTIONS, held_for_now, project_event
from stenolog.projections.run.registry import OpenedEvent, project, status_after
from stenolog.projections.run.states import next_state
from stenolog.side_process import SideProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected:
    """What came of some transcriptions; see `Chain`."""

    changes: tuple[Change, ...]
    transcriptions: frozenset[str]
    readable: tuple[StatusRow, ...]
    size: int


class Chain:
    """Knows the rows of some transcriptions, and what is to be changed in them.

    Attributes:
        names: Of the projections that see the events.
        transcriptions: Whose events were projected, or are held.
        readable: Rows of transcriptions whose outcome was among them, each as of that event.
        size: Bytes of plaintext that were projected.
    """

    def __init__(
        self,
        names: Sequence[str],
        projections: Mapping[str, Projection],
        side_process: SideProcess | None,
        rows: Mapping[str, StatusRow],
        held: set[tuple[str, str]],
    ) -> None:
        """`held` has pairs of projection and transcription; `add` needs the side process."""
        self.names = names
        self._projections = projections
        self._side_process = side_process
        self._rows = dict(rows)
        self._held = held
        self._changes: list[Change] = []
        self.transcriptions: set[str] = set()
        self.readable: list[StatusRow] = []
        self.size = 0

    def is_unknown(self, transcription: str) -> bool:
        """Tell whether no event of the transcription was ever projected."""
        return transcription not in self._rows and not any(
            (name, transcription) in self._held for name in self.names
        )

    def changes(self) -> tuple[Change, ...]:
        """Return what is to be changed, without what a later change replaces."""
        return tuple(_last_of_each(self._changes))

    async def add(self, opened: OpenedEvent) -> None:
        """Project the event that follows in its stream, beside the event loop when it is large."""
        willing = self._willing(opened)
        self._take(opened, await self._one(willing, opened) if willing else ())

    def add_here(self, opened: OpenedEvent) -> None:
        """Project the event that follows in its stream; pure.

        Raises:
            MemoryError: There was not enough; nothing is known against the event.
        """
        willing = self._willing(opened)
        current = self._rows.get(opened.transcription)
        self._take(opened, project(willing, opened, current, self._projections))

    def join(self, other: Projected) -> None:
        """Take over what was projected of other transcriptions, of which nothing was known."""
        self._changes += other.changes
        self.transcriptions |= other.transcriptions
        self.readable += other.readable
        self.size += other.size

    def projected(self) -> Projected:
        """Return what was projected, as it can be sent from one process to another."""
        return Projected(
            changes=self.changes(),
            transcriptions=frozenset(self.transcriptions),
            readable=tuple(self.readable),
            size=self.size,
        )

    def _willing(self, opened: OpenedEvent) -> list[str]:
        """Return which projections do not hold the event's transcription."""
        transcription = opened.transcription
        if opened.event.type == ErasureRequested.type:  # nothing is left to fail on
            self._held -= {(name, transcription) for name in self.names}
        return [name for name in self.names if (name, transcription) not in self._held]

    def _take(self, opened: OpenedEvent, made: Sequence[Change]) -> None:
        transcription = opened.transcription
        self.transcriptions.add(transcription)
        self.size += opened.size
        before = self._rows.get(transcription)
        row = status_after(made, before)
        if row is not None:
            if opened.event.type in OUTCOMES and row != before:
                self.readable.append(row)
            self._rows[transcription] = row
        self._held |= {(one.projection, transcription) for one in made if isinstance(one, Hold)}
        self._changes += made

    def hold(self, damaged: RecordDamaged, reason: str) -> None:
        """Hold the transcription in whose stream the record is, wherever it is not held yet."""
        if not damaged.stream.startswith(TRANSCRIPTION):
            return
        transcription = damaged.stream.removeprefix(TRANSCRIPTION)
        self.transcriptions.add(transcription)
        for name in self.names:
            if (name, transcription) in self._held:
                continue
            self._held.add((name, transcription))
            self._changes.append(
                Hold(
                    projection=name,
                    transcription=transcription,
                    position=damaged.position,
                    reason=reason,
                )
            )

    async def _one(self, names: Sequence[str], opened: OpenedEvent) -> tuple[Change, ...]:
        assert self._side_process is not None
        current = self._rows.get(opened.transcription)
        try:
            return await project_event(
                self._side_process, names, opened, current, self._projections
            )
        except INTERRUPTIONS as exc:
            return held_for_now(names, opened, self._projections, exc)


def project_streams(
    names: Sequence[str],
    projections: Mapping[str, Projection],
    streams: Sequence[Sequence[OpenedEvent]],
) -> Projected:
    """Project whole streams from their beginning, each event with the state after it; pure.

    Raises:
        MemoryError: There was not enough; nothing is known against any event.
    """
    chain = Chain(names, projections, None, {}, set())
    for events in streams:
        for opened in with_states(events):
            chain.add_here(opened)
    return chain.projected()


def with_states(events: Sequence[OpenedEvent]) -> Iterator[OpenedEvent]:
    """Yield the events of a whole stream, each with the transcription's state after it."""
    state: Transcription | None = Transcription(id=events[0].transcription) if events else None
    unfolded = ""
    for opened in events:
        try:
            state = state and next_state(state, opened.event)
        except Exception as exc:  # a mistake of ours may hold one transcription, never the others
            state, unfolded = None, f"{type(exc).__name__} in the fold"
        yield replace(opened, state=state, unfolded=unfolded)


def _last_of_each(changes: Sequence[Change]) -> list[Change]:
    """Leave out rows and views that are replaced by later ones, which do the same without them."""
    kept: list[Change | None] = []
    last: dict[tuple[str, str], int] = {}
    for change in changes:
        key = (change.projection, _transcription_of(change))
        before = kept[last[key]] if key in last else None
        match change:
            case PutStatus() if isinstance(before, PutStatus) and not before.row.erased:
                kept[last[key]] = None
                if change.request is None and not change.row.erased:
                    change = PutStatus(  # noqa: PLW2901  the same, with what the earlier one brought
                        projection=change.projection, row=change.row, request=before.request
                    )
            case PutView() | Forget() if isinstance(before, PutView):
                kept[last[key]] = None
            case _:
                pass
        last[key] = len(kept)
        kept.append(change)
    return [change for change in kept if change is not None]


def _transcription_of(change: Change) -> str:
    return change.row.id if isinstance(change, PutStatus) else change.transcription
