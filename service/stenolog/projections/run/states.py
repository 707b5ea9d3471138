"""Compute the state of a transcription after each of its events, folded once and remembered."""

from __future__ import annotations

from stenolog.bounded import BoundedMemory
from stenolog.commands.transcription.fold import evolve, passed_over
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import RecordDamaged, SchemaTooNew
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.store import EVENTS_PER_READ_MAX, EventReads

STATES_KEPT_MAX = 4_096  # about a kilobyte each: ids, enumerations and times, no content


class States:
    """Folds streams for the projector: one step per event, the whole stream where it must."""

    def __init__(self, log: EventReads) -> None:
        self._log = log
        self._states: BoundedMemory[str, Transcription] = BoundedMemory(STATES_KEPT_MAX)

    async def after(self, event: Event) -> Transcription | None:
        """Return the state after `event`, without any later one.

        None when a record before it is damaged or missing: what is left tells another story.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        before = await self._before(event)
        if before is None:
            return None
        state = next_state(before, event)
        self._states.put(event.stream, state)
        return state

    async def _before(self, event: Event) -> Transcription | None:
        state = self._states.get(event.stream)
        if state is None or state.version >= event.version:
            state = Transcription(id=event.stream.removeprefix(TRANSCRIPTION))
        while state.version < event.version - 1:
            limit = min(EVENTS_PER_READ_MAX, event.version - 1 - state.version)
            try:
                found = await self._log.read_stream(event.stream, after=state.version, limit=limit)
            except RecordDamaged:
                return None
            if not found:
                return None
            for earlier in found:
                state = next_state(state, earlier)
        return state


def next_state(state: Transcription, event: Event) -> Transcription:
    """Return the state after the event that follows `state`, of whatever type."""
    try:
        return evolve(state, event)
    except SchemaTooNew:
        return passed_over(state, event)
