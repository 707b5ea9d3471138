"""Running the pure projections over a log in memory, without any store."""

from __future__ import annotations

from collections.abc import Iterable

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.commands.transcription.state import Transcription
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.projections.rows import Change, Chunk, Hold, PutView, StatusRow
from stenolog.projections.run.registry import OpenedEvent, project, status_after
from stenolog.projections.run.states import next_state
from tests.unit.projections.events import MemoryLog


def changes_of(log: MemoryLog, names: Iterable[str] = PROJECTIONS) -> list[Change]:
    """What all events together change, in order."""
    made: list[Change] = []
    rows: dict[str, StatusRow | None] = {}
    for event in log.events:
        changes = project(tuple(names), opened_of(log, event), rows.get(event.stream), PROJECTIONS)
        rows[event.stream] = status_after(changes, rows.get(event.stream))
        made += changes
    return made


def opened_of(log: MemoryLog, event: Event) -> OpenedEvent:
    """The event with its payloads, as the projector would have opened them."""
    first = next(one for one in log.events if one.stream == event.stream)
    gone = event.position in log.missing
    return OpenedEvent(
        event=event,
        payload=None if gone else log.payloads.get(event.position),
        erased=gone,
        request=log.payloads.get(first.position),
        provider=first.data.get("provider"),
        state=_state_after(log, event),
    )


def _state_after(log: MemoryLog, event: Event) -> Transcription:
    state = Transcription(id=event.stream.removeprefix(TRANSCRIPTION))
    for one in log.events:
        if one.stream == event.stream and one.version <= event.version:
            state = next_state(state, one)
    return state


def status_of(log: MemoryLog) -> StatusRow:
    """The row of the log's only transcription."""
    row = status_after(changes_of(log, ["transcriptions"]), None)
    assert row is not None
    return row


def unsettled_in(log: MemoryLog) -> str:
    """The submissions about which something is owed at the provider; 0 is the erasure."""
    state = _state_after(log, log.events[-1])
    return ",".join(map(str, sorted(state.work.unsettled)))


def view_of(log: MemoryLog, name: str) -> PutView:
    """The view of the log's only transcription."""
    [change] = changes_of(log, [name])
    assert isinstance(change, PutView), change
    return change


def hold_of(log: MemoryLog, name: str) -> Hold:
    """The failure over the log's only transcription."""
    [change] = changes_of(log, [name])
    assert isinstance(change, Hold), change
    return change


def lines_of(chunks: Iterable[Chunk]) -> list[bytes]:
    """Every item of a view, as JSON."""
    return [line for chunk in chunks for line in chunk.bodies.split(b"\n")]
