"""Runs commands: fold the stream, decide, seal, append."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stenolog.clock import now_ms
from stenolog.commands.transcription.commands import Command
from stenolog.commands.transcription.decide import decide
from stenolog.commands.transcription.fold import evolve
from stenolog.commands.transcription.state import Transcription, stream_of
from stenolog.errors import OutcomeUnknown
from stenolog.log.event import Event, NewEvent, uuid7
from stenolog.log.event_data import EventData
from stenolog.log.store import EVENTS_PER_READ_MAX, Appended, EventStore, Sealer

# Who acts when it is not a customer: ids that mean the same in every log.
RECONCILER = "00000000-0000-4000-8000-000000000001"
PROVIDER = "00000000-0000-4000-8000-000000000002"

STREAM_PAGES_MAX = 64  # 64,000 events of one transcription: weeks of a provider that refuses
STATES_KEPT_MAX = 4_096  # about a kilobyte each; what is open is looked at again and again

NewId = Callable[[], str]


_generator = random.Random()  # our own: the shared one may be seeded by others


def new_id() -> str:
    """A UUIDv7 that is unique but no secret.

    From a generator that was seeded by the operating system once: asking it again for every event
    gives up the interpreter's lock, which costs more than everything else here.
    """
    return uuid7(now_ms(), _generator.randbytes(10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who acts, and why.

    Attributes:
        tenant: The tenant's id.
        actor: The id of an API key, or one of the ids above.
        correlation_id: Ours, from the request that began it.
        causation_id: The event that led to this, if one did.
    """

    tenant: str
    actor: str
    correlation_id: str
    causation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event to be appended, with its payload still in clear."""

    data: EventData
    payload: bytes | None = None
    dedupe_key: str | None = None


class CommandHandler:
    """The one way into the log."""

    def __init__(self, log: EventStore, sealer: Sealer, new_id: NewId = new_id) -> None:
        self._log = log
        self._sealer = sealer
        self._new_id = new_id
        self._states: OrderedDict[str, Transcription] = OrderedDict()

    async def load(self, transcription_id: str) -> Transcription:
        """The transcription as it stands; version 0 when there is none.

        What was folded before is not folded again: a stream only grows.
        """
        state = self._states.pop(transcription_id, Transcription(id=transcription_id))
        while True:
            events = await self._log.read_stream(state.stream, after=state.version)
            for event in events:
                state = evolve(state, event)
            if len(events) < EVENTS_PER_READ_MAX:
                break
        if state.version:
            self._states[transcription_id] = state
            if len(self._states) > STATES_KEPT_MAX:
                self._states.popitem(last=False)
        return state

    async def run(
        self,
        command: Command,
        state: Transcription,
        cause: Cause,
        payloads: Mapping[str, bytes] | None = None,
    ) -> bool:
        """Whether the command changed something; `payloads` are by event type.

        Decides on `state` and appends at its version; once the erasure was requested, without any
        payload. Only one try: who loses a race discards what it found and looks again.

        Raises:
            WrongExpectedVersion: The transcription moved on since `state` was loaded.
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        events = decide(command, state)
        if not events:
            return False
        sealed = {} if state.erasing or payloads is None else payloads
        facts = [Fact(data=data, payload=sealed.get(data.type)) for data in events]
        await self.append(state.stream, facts, cause, expected=state.version)
        return True

    async def append(
        self, stream: str, facts: Sequence[Fact], cause: Cause, *, expected: int | None = None
    ) -> Appended:
        """Seal and append; an unknown outcome is cleared up once, with the same ids.

        Raises:
            WrongExpectedVersion: The stream is not at `expected`.
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        events = [await self._event(stream, fact, cause) for fact in facts]
        try:
            return await self._log.append(stream, events, expected=expected)
        except OutcomeUnknown:
            return await self._log.append(stream, events, expected=expected)

    async def record(self, transcription_id: str, fact: Fact, cause: Cause) -> Appended:
        """Append a fact that holds whatever the transcription's state is, such as a callback.

        Raises:
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        return await self.append(stream_of(transcription_id), [fact], cause)

    async def payload_of(self, event_id: str, position: int) -> bytes | None:
        """The payload of an event in clear; None when it has none.

        Raises:
            KeyMissing: It was erased.
        """
        sealed = await self._log.payload(position)
        return None if sealed is None else await self._sealer.open(event_id, sealed)

    async def payload_at(self, position: int) -> bytes | None:
        """The payload of the event at `position` in clear; None when it has none.

        Raises:
            KeyMissing: It was erased.
        """
        events = await self._log.read(after=position - 1, limit=1)
        return await self.payload_of(events[0].id, position) if events else None

    async def events(self, transcription_id: str) -> list[Event]:
        """The events of a transcription, oldest first; of more than 64,000 the oldest."""
        found: list[Event] = []
        for _ in range(STREAM_PAGES_MAX):
            after = found[-1].version if found else 0
            page = await self._log.read_stream(stream_of(transcription_id), after=after)
            found += page
            if len(page) < EVENTS_PER_READ_MAX:
                break
        return found

    async def _event(self, stream: str, fact: Fact, cause: Cause) -> NewEvent:
        event_id = self._new_id()
        sealed = None
        if fact.payload is not None:
            sealed = await self._sealer.seal(stream, event_id, fact.payload)
        return NewEvent(
            id=event_id,
            type=fact.data.type,
            tenant=cause.tenant,
            actor=cause.actor,
            correlation_id=cause.correlation_id,
            causation_id=cause.causation_id,
            data=fact.data.model_dump(),
            payload=sealed,
            dedupe_key=fact.dedupe_key,
        )
