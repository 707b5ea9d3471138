"""Events of transcriptions as the log would hold them, a log in memory, and a seal that is none."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from stenolog.clock import rfc3339
from stenolog.errors import (
    KeyMissing,
    RecordDamaged,
    StenologError,
    StoreError,
    StoreUnavailable,
)
from stenolog.log.catalogue import read_data
from stenolog.log.event import Event, NewEvent, SealedPayload
from stenolog.log.head import HeadWatch
from stenolog.log.store import EVENTS_PER_READ_MAX, Append, Appended
from stenolog.log.stream import check_unbroken
from stenolog.projections.run.histories import Beginning, Box

TENANT = "11111111-1111-4111-8111-111111111111"
BEGAN_US = 1_700_000_000_000_000
STEP_US = 1_000_000

WEBHOOK = {
    "webhook_url": "https://customer.example/hook",
    "webhook_auth_header_name": "X-Customer",
    "webhook_auth_header_value": "customer-secret",
}


def transcription_id(number: int) -> str:
    return str(uuid.UUID(int=number, version=4))


class MemoryLog:
    """Keeps the reading half of `EventStore`; payloads are `SealedPayload`s whose box is plain.

    Logs with the same name give their events the same ids.
    """

    def __init__(self, name: int = 0) -> None:
        self._name = name
        self.events: list[Event] = []
        self.payloads: dict[int, bytes] = {}
        self.missing: set[int] = set()
        self.damaged: set[int] = set()
        self.broken: set[int] = set()
        self.erased: set[str] = set()
        self.opened: list[str] = []
        self.waited = asyncio.Event()
        self._watch = HeadWatch(0)

    def add(
        self,
        number: int,
        event_type: str,
        data: Mapping[str, Any],
        payload: object = None,
        *,
        tenant: str = TENANT,
    ) -> Event:
        """One more event in the stream of transcription `number`; bytes are taken as they are."""
        stream = f"transcription-{transcription_id(number)}"
        return self.add_to(stream, event_type, data, payload, tenant=tenant)

    def add_to(
        self,
        stream: str,
        event_type: str,
        data: Mapping[str, Any],
        payload: object = None,
        *,
        tenant: str = TENANT,
    ) -> Event:
        before = [event for event in self.events if event.stream == stream]
        position = len(self.events) + 1
        event = Event(
            position=position,
            id=str(uuid.UUID(int=self._name << 64 | position)),
            stream=stream,
            version=len(before) + 1,
            previous=before[-1].position if before else 0,
            sequence=0,
            type=event_type,
            time=rfc3339(BEGAN_US + position * STEP_US),
            tenant=tenant,
            actor=TENANT,
            correlation_id=TENANT,
            causation_id=None,
            data=data,
            commitment=None if payload is None else "00",
        )
        self.events.append(event)
        if payload is not None:
            plain = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            self.payloads[position] = plain
        self._watch.advance(position)
        return event

    def request(self, number: int, *, tenant: str = TENANT, **params: Any) -> Event:
        url = f"https://audio.example/{number}.mp3"
        payload = {
            "params": {"audio_url": url, **params},
            "subject": f"subject {number}",
            "metadata": {"n": number},
        }
        data = {"provider": "assemblyai", "region": "us", "surface": "v2", "upload": None}
        return self.add(number, "transcription.requested", data, payload, tenant=tenant)

    def claim(self, number: int, submission: int = 1) -> Event:
        data = {"submission": submission, "kid": 1}
        return self.add(number, "submission.claimed", data, b"{}")

    def accept(self, number: int, submission: int = 1, job: str | None = "job-1") -> Event:
        data = {"submission": submission, "provider_job": job, "adopted": False}
        payload = {"provider_job": "job of another form"} if job is None else None
        return self.add(number, "submission.accepted", data, payload)

    def call_back(self, number: int, submission: int = 1, kind: str = "completed") -> Event:
        data = {
            "submission": submission,
            "kid": 1,
            "kind": kind,
            "provider_job": None,
            "body_bytes": 2,
        }
        return self.add(number, "callback.received", data, b"{}")

    def complete(self, number: int, answer: object, submission: int = 1) -> Event:
        data = {"submission": submission, "reason": "callback", "audio_ms": 9_500, "words": 0}
        return self.add(number, "transcription.completed", data, answer)

    def fail(self, number: int, error: str, answer: object = None) -> Event:
        data = {"submission": 1, "reason": "provider", "wake": "callback"}
        payload = {"error": error, "answer": answer}
        return self.add(number, "transcription.failed", data, payload)

    def erase(self, number: int) -> Event:
        return self.add(number, "erasure.requested", {"surface": "v2"})

    def destroy_key(self, stream: str) -> None:
        """No payload of this stream opens any more, those included that are still to come."""
        self.erased.add(stream)

    def done(self, number: int, answer: object, **params: Any) -> Event:
        """From the request to the provider's answer."""
        self.request(number, **params)
        self.claim(number)
        self.accept(number)
        self.call_back(number)
        return self.complete(number, answer)

    async def append(
        self, stream: str, events: Sequence[NewEvent], *, expected: int | None = None
    ) -> Appended:
        raise AssertionError("projections never append")

    def event_id(self) -> str:
        raise AssertionError("projections never append")

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        raise AssertionError("projections never append")

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> list[Event]:
        found = self.events[after : after + limit]
        for number, event in enumerate(found):
            if event.position in self.broken:
                if number == 0:
                    raise RecordDamaged("it", position=event.position, stream=event.stream)
                return found[:number]
        return found

    async def read_stream(
        self, stream: str, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX
    ) -> list[Event]:
        found = [one for one in self.events if one.stream == stream and one.version > after]
        for event in found[:limit]:
            if event.position in self.broken:
                raise RecordDamaged("it", position=event.position, stream=stream)
        check_unbroken(stream, found, after)
        return found[:limit]

    async def version(self, stream: str) -> int:
        return len(await self.read_stream(stream))

    async def position_of(self, dedupe_key: str) -> int | None:
        raise AssertionError("projections look for no dedupe key")

    async def payload(self, position: int) -> SealedPayload | None:
        if position not in self.payloads:
            return None
        return SealedPayload(key_id=str(position), box=self.payloads[position], commitment="00")

    async def beginnings(
        self, category: str, *, after: int, until: int, limit: int
    ) -> list[Beginning]:
        return [
            Beginning(position=one.position, stream=one.stream)
            for one in self.events[after:until]
            if one.version == 1 and one.stream.startswith(category)
        ][:limit]

    async def requested(
        self, tenant: str, *, before: int, limit: int, among: Collection[str] | None
    ) -> list[Beginning]:
        return [
            Beginning(position=one.position, stream=one.stream)
            for one in reversed(self.events[: before - 1])
            if (one.type, one.tenant) == ("transcription.requested", tenant)
            and (among is None or one.stream in among)
        ][:limit]

    async def read_streams(
        self, streams: Collection[str], *, limit: int
    ) -> dict[str, Sequence[Event]]:
        whole: dict[str, Sequence[Event]] = {}
        for stream in streams:
            try:
                found = await self.read_stream(stream)
            except RecordDamaged:
                continue
            limit -= len(found)
            if limit > 0:
                whole[stream] = found
        return whole

    async def positions_of(self, stream: str, *, after: int, limit: int) -> list[int]:
        return [
            one.position for one in self.events if one.stream == stream and one.position > after
        ][:limit]

    async def boxes(self, positions: Collection[int], *, bytes_max: int) -> dict[int, Box]:
        return {
            position: Box(key_id=str(position), box=self.payloads[position])
            for position in positions
            if position in self.payloads and len(self.payloads[position]) <= bytes_max
        }

    async def head(self) -> int:
        return len(self.events)

    async def wait(self, *, after: int) -> int:
        self.waited.set()
        return await self._watch.wait(after=after)


class OpenSealer:
    """Gives back what `MemoryLog` holds; keys can be missing, payloads damaged."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self.unavailable = 0

    async def seal(self, stream: str, event_id: str, plaintext: bytes) -> SealedPayload:
        raise AssertionError("projections never seal")

    async def open(self, event_id: str, sealed: SealedPayload) -> bytes:
        if self.unavailable > 0:
            self.unavailable -= 1
            raise StoreUnavailable("injected: the keys cannot be read")
        position = int(sealed.key_id)
        self._log.opened.append(self._log.events[position - 1].type)
        event = self._log.events[position - 1]
        if position in self._log.missing or event.stream in self._log.erased:
            raise KeyMissing("destroyed")
        if position in self._log.damaged:
            raise SealBroken("not what was sealed")
        return sealed.box

    async def open_all(
        self, sealed: Mapping[str, SealedPayload]
    ) -> dict[str, bytes | StenologError]:
        opened: dict[str, bytes | StenologError] = {}
        for event_id, one in sealed.items():
            try:
                opened[event_id] = await self.open(event_id, one)
            except (KeyMissing, SealBroken) as exc:
                opened[event_id] = exc
        return opened


class SealBroken(StoreError):
    """As the vault says that a payload is not what was sealed."""


def assert_legal(log: MemoryLog) -> None:
    """Every event's data is of the catalogue."""
    for event in log.events:
        read_data(event.type, event.data)
