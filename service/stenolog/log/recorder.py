"""Turn facts into events, seal their payloads and append them: the only way into the log."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stenolog.clock import now_ms
from stenolog.errors import (
    KeyMissing,
    OutcomeUnknown,
    StenologError,
    StoreError,
    WrongExpectedVersion,
)
from stenolog.log.event import NewEvent, SealedPayload, uuid7
from stenolog.log.event_data import EventData
from stenolog.log.store import Append, Appended, EventStore, Sealer

PROBED_STREAM = "readiness-probe"  # never begun: only an empty append goes there

_generator = random.Random()  # our own: the shared one may be seeded by others


def new_id() -> str:
    """Make a UUIDv7 of the machine's clock that is unique but no secret; for all but events."""
    return id_at(now_ms())


def id_at(at_ms: int) -> str:
    """Make a UUIDv7 of this time, in ms since the epoch.

    From a generator that was seeded by the operating system once: asking it again for every event
    gives up the interpreter's lock, which costs more than everything else here (DECISIONS 78).
    """
    return uuid7(at_ms, _generator.randbytes(10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who acts, and why.

    Attributes:
        tenant: The tenant's id.
        actor: The id of an API key, or an id of `log.actors`.
        correlation_id: Ours, from the request that began it.
        causation_id: The event that led to this, if one did.
    """

    tenant: str
    actor: str
    correlation_id: str
    causation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is to be recorded, with its payload still in clear.

    Attributes:
        dedupe_key: The log takes one fact with this key; a second is answered "already there".
    """

    data: EventData
    payload: bytes | None = None
    dedupe_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Facts for one stream.

    Attributes:
        expected: The stream's version that the decision was made on; None: whatever it is.
    """

    stream: str
    facts: Sequence[Fact]
    expected: int | None = None


class NoSealer:
    """Seals and opens nothing: for who records only facts without payloads, and has no keys."""

    async def seal(self, stream: str, event_id: str, plaintext: bytes) -> SealedPayload:
        """Refuse.

        Raises:
            KeyMissing: Always.
        """
        raise KeyMissing("nothing can be sealed here")

    async def open(self, event_id: str, sealed: SealedPayload) -> bytes:
        """Refuse.

        Raises:
            KeyMissing: Always.
        """
        raise KeyMissing("nothing can be opened here")

    async def open_all(
        self, sealed: Mapping[str, SealedPayload]
    ) -> Mapping[str, bytes | StenologError]:
        """Return an error for each."""
        return {event_id: KeyMissing("nothing can be opened here") for event_id in sealed}


class FactRecorder:
    """Appends facts that need no decision.

    Such facts are: a callback came, a file is stored, a delivery has ended. What has to be decided
    goes through `commands/handler`, which records here what it decided.
    """

    def __init__(self, log: EventStore, sealer: Sealer) -> None:
        self._log = log
        self._sealer = sealer

    async def record(
        self, stream: str, facts: Sequence[Fact], cause: Cause, *, expected: int | None = None
    ) -> Appended:
        """Record facts of one stream; see `record_all`."""
        record = Record(stream=stream, facts=facts, expected=expected)
        return (await self.record_all([record], cause))[0]

    async def record_all(self, records: Sequence[Record], cause: Cause) -> Sequence[Appended]:
        """Seal facts of several streams and append all of them, or none; return where they stand.

        An unknown outcome is cleared up once, by appending the same ids again. A caller that is
        cancelled does not know the outcome: the append goes on without it.

        Raises:
            WrongExpectedVersion: A stream is not where its record expects it; nothing was written.
            KeyMissing: A stream is erased and a fact has a payload; nothing was written.
            KeyLost: A stream's key is lost and a fact has a payload; the same.
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        appends = [
            Append(
                stream=record.stream,
                events=[await self._event(record.stream, fact, cause) for fact in record.facts],
                expected=record.expected,
            )
            for record in records
        ]
        try:
            return await self._log.append_all(appends)
        except OutcomeUnknown:
            return await self._settle(appends)

    async def probe(self) -> None:
        """Return once the log has committed, without an event.

        Raises:
            StoreError: It cannot commit now.
        """
        await self._log.append_all([Append(stream=PROBED_STREAM, events=())])

    async def _settle(self, appends: Sequence[Append]) -> Sequence[Appended]:
        """Append once more what may be there already."""
        try:
            return await self._log.append_all(appends)
        except WrongExpectedVersion:
            raise  # the ids were looked for first, and are not there
        except StoreError as exc:
            # This time nothing was written; whether the first time did is still not known.
            raise OutcomeUnknown(str(exc)) from exc

    async def _event(self, stream: str, fact: Fact, cause: Cause) -> NewEvent:
        event_id = self._log.event_id()
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
