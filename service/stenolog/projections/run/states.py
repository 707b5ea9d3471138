"""The state of a transcription after each of its events, folded once and remembered."""

from __future__ import annotations

from dataclasses import replace

from stenolog.bounded import BoundedMemory
from stenolog.commands.transcription.fold import evolve, passed_over
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import RecordDamaged, SchemaTooNew
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

STATES_KEPT_MAX = 4_096  # about a kilobyte each: ids, enumerations and times, no content


class States:
    """Folds streams for the projector: one step an event, the whole stream where it must."""

    def __init__(self, log: EventStore) -> None:
        self._log = log
        self._states: BoundedMemory[str, Transcription] = BoundedMemory(STATES_KEPT_MAX)

    async def after(self, event: Event) -> Transcription:
        """Return the state after `event`, without any later one.

        What cannot be read, or is of a type that this version does not know, is passed over: a
        transcription with a damaged record can still be erased.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        state = next_state(await self._before(event), event)
        self._states.put(event.stream, state)
        return state

    async def _before(self, event: Event) -> Transcription:
        state = self._states.get(event.stream)
        if state is None or state.version >= event.version:
            state = Transcription(id=event.stream.removeprefix(TRANSCRIPTION))
        version, limit = state.version, EVENTS_PER_READ_MAX
        while version < event.version - 1:
            missing = event.version - 1 - version
            try:
                found = await self._log.read_stream(
                    event.stream, after=version, limit=min(limit, missing)
                )
            except RecordDamaged:
                if limit == 1:
                    version += 1
                limit = 1  # one at a time, to pass over no other
                continue
            if not found:
                break
            for earlier in found:
                state = next_state(state, earlier)
            version = found[-1].version
        return state


def next_state(state: Transcription, event: Event) -> Transcription:
    """Return the state after `event`, whatever is missing before it."""
    before = replace(state, version=event.version - 1)
    try:
        return evolve(before, event)
    except SchemaTooNew:
        return passed_over(before, event)
