"""Declare the log and the seal on its payloads, as every other room sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.errors import StenologError
from stenolog.log.event import Event, NewEvent, SealedPayload

EVENTS_PER_APPEND_MAX = 64
EVENTS_PER_READ_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Events for one stream.

    Attributes:
        expected: The stream's version that the caller believes in (0: no such stream yet); None
            appends whatever it is.
    """

    stream: str
    events: Sequence[NewEvent]
    expected: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """Where the events of one append stand.

    Attributes:
        positions: In the order in which the events were given; empty for an empty append.
        version: The stream's version after the last of them.
        already_there: Nothing was written now: the same ids, or the same dedupe key, were known.
    """

    positions: tuple[int, ...]
    version: int
    already_there: bool = False


class EventReads(Protocol):
    """Reads the log, which goes on or stands still."""

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> list[Event]:
        """Return at most `limit` events (never more than 1,000) behind position `after`, in order.

        A damaged record ends them; a read that would begin with it raises.

        Raises:
            RecordDamaged: The first record there is damaged; read on behind its position.
            StoreUnavailable: The log cannot be read now.
        """
        ...

    async def read_stream(
        self, stream: str, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX
    ) -> list[Event]:
        """Return the same for one stream, behind version `after`; none: no such stream.

        Raises:
            RecordDamaged: A record among them is damaged or missing: what is left is not the
                stream.
            StoreUnavailable: The log cannot be read now.
        """
        ...

    async def payload(self, position: int) -> SealedPayload | None:
        """Return the sealed payload of the event at `position`, None when it has none.

        Raises:
            RecordDamaged: The event's record is damaged.
            PayloadDamaged: It has one, and that is not there.
            StoreUnavailable: The log cannot be read now.
        """
        ...

    async def head(self) -> int:
        """Return the last position; 0 for an empty log."""
        ...


class EventStore(EventReads, Protocol):
    """Appends to the log and reads it.

    Positions are dense and follow commit order: a reader that has seen position N and finds N + 1
    has missed nothing. Everything that a read returns is committed and durable.
    """

    async def append(
        self, stream: str, events: Sequence[NewEvent], *, expected: int | None = None
    ) -> Appended:
        """Append all of `events` to `stream`, durably, or none: `append_all` of one stream."""
        ...

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        """Append to several streams in one transaction, durably: all events of all, or none.

        A stream is named once; together they hold at most 64 events. Positions follow the order
        in which the appends are given. Cancelling the caller cancels nothing.

        The same ids are answered with where they stand, whatever is expected. One known dedupe key
        keeps all of them out: every answer says `already_there`, with the positions of its own
        events whose keys were taken.

        Raises:
            WrongExpectedVersion: One stream is at another version; nothing was written.
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written; append again with the same ids.
            StoreError: The log cannot hold this; nothing was written.
        """
        ...

    def event_id(self) -> str:
        """Make an id for an event: a UUIDv7 of the time that the event would have now."""
        ...

    async def version(self, stream: str) -> int:
        """Return the stream's version; 0 means no stream."""
        ...

    async def position_of(self, dedupe_key: str) -> int | None:
        """Return the position of the event with this dedupe key; None: there is none.

        `read` shows the event from then on, even before `wait` has returned its position.
        """
        ...

    async def wait(self, *, after: int) -> int:
        """Return the head as soon as it is beyond `after`."""
        ...


class Unsealer(Protocol):
    """Opens payloads."""

    async def open(self, event_id: str, sealed: SealedPayload) -> bytes:
        """Return the plaintext, after checking it against its commitment.

        Raises:
            KeyMissing: The key was destroyed.
            KeyLost: The key is not there, and the log knows of no erasure.
            StoreError: The payload or its key is not what was sealed.
        """
        ...

    async def open_all(
        self, sealed: Mapping[str, SealedPayload]
    ) -> Mapping[str, bytes | StenologError]:
        """Open several payloads, by the ids of their events; each gets its own error.

        Raises:
            StoreUnavailable: The keys cannot be read now.
        """
        ...


class Sealer(Unsealer, Protocol):
    """Encrypts payloads under a key per stream; `compliance/vault` keeps this promise."""

    async def seal(self, stream: str, event_id: str, plaintext: bytes) -> SealedPayload:
        """Seal `plaintext` under the stream's data key, which is durable when this returns.

        Raises:
            KeyMissing: The stream is erased: nothing is sealed for it any more.
            KeyLost: The stream's key is lost: it gets no other.
            StoreUnavailable: The key could not be made durable.
        """
        ...
