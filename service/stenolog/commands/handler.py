"""Run commands: fold the stream, decide, and record the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stenolog.bounded import BoundedMemory
from stenolog.commands.transcription.commands import Command, RequestTranscription
from stenolog.commands.transcription.decide import decide
from stenolog.commands.transcription.fold import evolve
from stenolog.commands.transcription.state import Transcription, stream_of
from stenolog.errors import RecordDamaged
from stenolog.log.event import Event
from stenolog.log.events.holds import HoldApplied
from stenolog.log.events.transcriptions import TranscriptionRequested
from stenolog.log.facts import hold_applied
from stenolog.log.recorder import Cause, Fact, FactRecorder, Record
from stenolog.log.store import EVENTS_PER_READ_MAX, Appended, EventStore, Sealer

STREAM_PAGES_MAX = 64  # 64,000 events of one transcription: weeks of a provider that refuses
STATES_KEPT_MAX = 4_096  # about a kilobyte each; what is open is looked at again and again


class CommandHandler:
    """Records what has to be decided; facts that need no decision go to its recorder directly."""

    def __init__(self, log: EventStore, sealer: Sealer, facts: FactRecorder) -> None:
        self._log = log
        self._sealer = sealer
        self._facts = facts
        self._states: BoundedMemory[str, Transcription] = BoundedMemory(STATES_KEPT_MAX)

    def begin(self) -> Transcription:
        """Return a new transcription; nothing of it is in the log yet."""
        return Transcription(id=self._log.event_id())

    async def load(self, transcription_id: str) -> Transcription:
        """Return the transcription as it stands; version 0 when there is none.

        What was folded before is not folded again: a stream only grows.
        """
        state = self._states.pop(transcription_id) or Transcription(id=transcription_id)
        while True:
            events = await self._log.read_stream(state.stream, after=state.version)
            for event in events:
                state = evolve(state, event)
            if len(events) < EVENTS_PER_READ_MAX:
                break
        if state.version:
            self._states.put(transcription_id, state)
        return state

    async def run(
        self,
        command: Command,
        state: Transcription,
        cause: Cause,
        payloads: Mapping[str, bytes] | None = None,
    ) -> bool:
        """Run the command, and tell whether it changed something; `payloads` are by event type.

        Decides on `state` and appends at its version; once the erasure was requested, without any
        payload. Only one try: who loses a race discards what it found and looks again.

        Raises:
            WrongExpectedVersion: The transcription moved on since `state` was loaded.
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        sealed = {} if state.erasing or payloads is None else payloads
        facts = [Fact(data=data, payload=sealed.get(data.type)) for data in decide(command, state)]
        if not facts:
            return False
        await self._facts.record(state.stream, facts, cause, expected=state.version)
        return True

    async def request(
        self,
        command: RequestTranscription,
        state: Transcription,
        cause: Cause,
        payload: bytes,
        *,
        dedupe_key: str | None,
        beside: Sequence[Record] = (),
    ) -> Appended:
        """Begin the transcription `state`, which is new; return where its first event stands.

        What is recorded in other streams `beside` it is written with it, or nothing is. With a
        `dedupe_key` that the log knows nothing is written, and the answer says so.

        Raises:
            WrongExpectedVersion: A stream `beside` it moved on; nothing was written.
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        facts = [
            Fact(data=data, payload=payload, dedupe_key=dedupe_key)
            if isinstance(data, TranscriptionRequested)
            else hold_applied(state.id, data.hold)
            if isinstance(data, HoldApplied)
            else Fact(data=data)
            for data in decide(command, state)
        ]
        begun = Record(stream=state.stream, facts=facts, expected=0)
        return (await self._facts.record_all([begun, *beside], cause))[0]

    async def payload_of(self, event_id: str, position: int) -> bytes | None:
        """Return the payload of an event in clear; None when it has none.

        Raises:
            KeyMissing: It was erased.
            KeyLost: Its key is lost.
            PayloadDamaged: It is not what was sealed.
        """
        sealed = await self._log.payload(position)
        return None if sealed is None else await self._sealer.open(event_id, sealed)

    async def payload_at(self, position: int) -> bytes | None:
        """Return the payload of the event at `position` in clear; None when it has none.

        Raises:
            KeyMissing: It was erased.
            KeyLost: Its key is lost.
            PayloadDamaged: It is not what was sealed; `RecordDamaged`: nor is the event.
        """
        events = await self._log.read(after=position - 1, limit=1)
        if not events or events[0].position != position:
            raise RecordDamaged(f"the record at position {position} is missing", position=position)
        return await self.payload_of(events[0].id, position)

    async def events(self, transcription_id: str) -> list[Event]:
        """Return the events of a transcription, oldest first; of more than 64,000 the oldest."""
        found: list[Event] = []
        for _ in range(STREAM_PAGES_MAX):
            after = found[-1].version if found else 0
            page = await self._log.read_stream(stream_of(transcription_id), after=after)
            found += page
            if len(page) < EVENTS_PER_READ_MAX:
                break
        return found
