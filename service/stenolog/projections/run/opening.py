"""Open the payloads that an event's projections need: its own, and that of the request."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stenolog.bounded import BoundedMemory
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import (
    EvidenceError,
    KeyLost,
    KeyMissing,
    RecordDamaged,
    StoreError,
    StoreUnavailable,
)
from stenolog.log.event import Event, SealedPayload
from stenolog.log.events.transcriptions import TRANSCRIPTION, TranscriptionRequested
from stenolog.log.store import EventReads, Unsealer
from stenolog.projections.of.items import OUTCOMES
from stenolog.projections.run.enrichment_reading import enrichment_before
from stenolog.projections.run.histories import Box, Histories
from stenolog.projections.run.opened import OpenedPayload
from stenolog.projections.run.registry import OpenedEvent
from stenolog.projections.run.states import States
from stenolog.projections.views import TRANSCRIPTIONS_VIEW

UNREADABLE_STREAM = "a record of its stream is damaged or missing"
PREPARED_MIN = 2  # fewer are as quickly opened by themselves
PREPARED_BYTES_MAX = 16 << 10  # of one box
PREPARED_PER_READ = 64  # boxes: a mebibyte at most
PREPARED_BYTES_ALL = 3 << 20  # then no more are read: four are kept at most
ERASED_KEPT_MAX = 16_384  # transcriptions whose content is told as erased, whatever their key is
REQUESTS_CACHED_MAX = 256
REQUESTS_CACHED_BYTES_MAX = 1 << 20  # of all of them; a real one has a few hundred


Prepared = Mapping[int, OpenedPayload]
"""Payloads that were opened together, by the positions of their events."""

NOTHING_PREPARED: Prepared = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRequest:
    """The payload of a transcription's first event, and the provider that it names."""

    payload: OpenedPayload = field(default_factory=OpenedPayload)
    provider: str | None = None


class Opens(Protocol):
    """What the opener asks of a projection."""

    @property
    def opens(self) -> frozenset[str]:
        """The types whose payload it needs."""
        ...


class EventOpener:
    """Opens events for the projector; remembers the requests that it read last."""

    def __init__(
        self,
        log: EventReads,
        sealer: Unsealer,
        projections: Mapping[str, Opens],
        histories: Histories | None = None,
    ) -> None:
        """With `histories`, payloads can be prepared."""
        self._log = log
        self._histories = histories
        self._sealer = sealer
        self._projections = projections
        self._states = States(log)
        self._requests: BoundedMemory[str, OpenedRequest] = BoundedMemory(
            REQUESTS_CACHED_MAX,
            bytes_max=REQUESTS_CACHED_BYTES_MAX,
            size_of=lambda one: len(one.payload.plaintext or b""),
        )
        self._erased: BoundedMemory[str, bool] = BoundedMemory(ERASED_KEPT_MAX)

    async def prepare(self, events: Sequence[Event], names: Collection[str]) -> Prepared:
        """Open the short payloads of these events together, and return them by position.

        `read` takes them; it opens the others one by one.

        Raises:
            StoreUnavailable: The log or the keys cannot be read now.
        """
        prepared: dict[int, OpenedPayload] = {}
        needed = {one for name in names for one in self._projections[name].opens}
        wanted = {
            event.position: event
            for event in events
            if event.commitment is not None
            and event.type in needed
            and event.stream not in self._erased
        }
        if self._histories is None or len(wanted) < PREPARED_MIN:
            return prepared
        positions, size = sorted(wanted), 0
        for first in range(0, len(positions), PREPARED_PER_READ):
            part = positions[first : first + PREPARED_PER_READ]
            boxes = await self._histories.boxes(part, bytes_max=PREPARED_BYTES_MAX)
            prepared |= await self._opened_together(wanted, boxes)
            size += sum(len(one.box) for one in boxes.values())
            if size > PREPARED_BYTES_ALL:
                break
        return prepared

    async def _opened_together(
        self, wanted: Mapping[int, Event], boxes: Mapping[int, Box]
    ) -> Prepared:
        sealed = {
            wanted[position].id: SealedPayload(
                key_id=box.key_id, box=box.box, commitment=wanted[position].commitment or ""
            )
            for position, box in boxes.items()
        }
        opened = await self._sealer.open_all(sealed)
        prepared: dict[int, OpenedPayload] = {}
        for position in boxes:
            found = opened[wanted[position].id]
            if isinstance(found, bytes):
                prepared[position] = OpenedPayload(plaintext=found)
            elif isinstance(found, KeyMissing):
                prepared[position] = OpenedPayload(erased=True)
            elif isinstance(found, KeyLost):
                prepared[position] = OpenedPayload(lost=True)
        return prepared

    async def read(
        self,
        event: Event,
        names: Collection[str],
        prepared: Prepared = NOTHING_PREPARED,
        *,
        with_state: bool = True,
    ) -> OpenedEvent:
        """Return the event as the named projections need it, perhaps without its state.

        Raises:
            StoreUnavailable: The log or the keys cannot be read now.
        """
        with_state = with_state and TRANSCRIPTIONS_VIEW in names
        state, unfolded = await self._state(event) if with_state else (None, "")
        if not any(event.type in self._projections[name].opens for name in names):
            return OpenedEvent(event=event, state=state, unfolded=unfolded)
        own = prepared.get(event.position) or await self._open(event)
        asked = OpenedRequest()
        if event.type == TranscriptionRequested.type:
            self._remember(event, own)
        elif event.type in OUTCOMES:
            asked = await self._request(event.stream)
        enrichment, whole = None, True
        if event.data.get("enriched") is True and own.plaintext is not None:
            enrichment, whole = await enrichment_before(event, self._log, self._open)
        return OpenedEvent(
            event=event,
            payload=own.plaintext,
            erased=own.erased,
            lost=own.lost,
            damaged=own.damaged or not whole,
            enrichment=enrichment,
            request=asked.payload.plaintext,
            request_erased=asked.payload.erased,
            provider=event.data.get("provider") or asked.provider,
            state=state,
            unfolded=unfolded,
        )

    def erase(self, stream: str) -> None:
        """Tell the stream's content as erased from now on, also while a job's handle needs its key.

        Otherwise what is projected between the erasure and its event would show it for a moment.
        """
        self._erased.put(stream, True)
        self._requests.pop(stream)

    async def _state(self, event: Event) -> tuple[Transcription | None, str]:
        """Return the state after the event, or why there is none."""
        try:
            return await self._states.after(event), UNREADABLE_STREAM
        except StoreError:
            raise
        except Exception as exc:  # a mistake of ours may hold one transcription, never the others
            return None, f"{type(exc).__name__} in the fold"

    async def _request(self, stream: str) -> OpenedRequest:
        known = self._requests.get(stream)
        if known is not None:
            return known
        try:
            first = await self._log.read_stream(stream, limit=1)
        except RecordDamaged:
            first = []
        if not first or first[0].type != TranscriptionRequested.type:
            return OpenedRequest()
        return self._remember(first[0], await self._open(first[0]))

    async def _open(self, event: Event) -> OpenedPayload:
        if event.commitment is None:
            return OpenedPayload()
        if event.stream in self._erased:
            return OpenedPayload(erased=True)
        try:
            sealed = await self._log.payload(event.position)
            if sealed is None:
                return OpenedPayload(damaged=True)
            return OpenedPayload(plaintext=await self._sealer.open(event.id, sealed))
        except KeyMissing:
            return OpenedPayload(erased=True)
        except KeyLost:
            return OpenedPayload(lost=True)
        except StoreUnavailable:
            raise
        except (StoreError, EvidenceError):
            return OpenedPayload(damaged=True)

    def _remember(self, event: Event, opened: OpenedPayload) -> OpenedRequest:
        asked = OpenedRequest(payload=opened, provider=event.data.get("provider"))
        if opened.plaintext is not None and event.stream not in self._erased:
            self._requests.put(event.stream, asked)
        return asked


def of_transcription(event: Event) -> bool:
    """Tell whether the event stands in a transcription's stream."""
    return event.stream.startswith(TRANSCRIPTION)
