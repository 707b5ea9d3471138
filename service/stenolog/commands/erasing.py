"""Request erasures: decided in the transcription's stream, where legal holds stand, too.

A hold and an erasure that come at the same moment meet there: the erasure is appended at the
version at which no hold in force was found, or it is decided anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.fold import evolve, passed_over
from stenolog.commands.transcription.state import Transcription, stream_of
from stenolog.errors import (
    RecordDamaged,
    RequestError,
    SchemaTooNew,
    StoreUnavailable,
    WrongExpectedVersion,
)
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.events.vocabulary import Surface
from stenolog.log.facts import erasure_requested, hold_release_key, use_key
from stenolog.log.recorder import Cause, Fact, FactRecorder
from stenolog.log.store import EventStore

TRIES_MAX = 32  # each fails only when an event of the same stream came in between
RECORDS_MAX = 65_536  # of a damaged stream, that are looked at one by one


class UnderHold(RequestError, code="under-hold"):
    """A legal hold is on the transcription: it is not erased; `holds` are the ids of all."""

    def __init__(self, holds: tuple[str, ...]) -> None:
        several = f"{len(holds)} legal holds are" if len(holds) > 1 else "A legal hold is"
        super().__init__(
            f"{several} on this transcription: it cannot be deleted before each is released"
        )
        self.holds = holds
        self.beside = {"holds": list(holds)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """An erasure that is in the log.

    Attributes:
        position: Where it was requested.
        upload: The customer's file that was transcribed, if there was one.
        handle_sealed: A job is known by a payload only, so the key is still needed.
        erased: All is done, at the provider, too.
        audio_ms: As the provider measured it; None: not known.
        damaged: What is damaged in its stream; then its jobs are not known any more.
    """

    position: int
    upload: str | None
    handle_sealed: bool = False
    erased: bool = False
    audio_ms: int | None = None
    damaged: RecordDamaged | None = None


class ErasureRequests:
    """Records that transcriptions are to be erased, unless they are on hold."""

    def __init__(self, handler: CommandHandler, facts: FactRecorder, events: EventStore) -> None:
        """`facts` records in `events`."""
        self._handler = handler
        self._facts = facts
        self._events = events

    async def request(
        self,
        transcription_id: str,
        cause: Cause,
        *,
        surface: Surface = "native",
        erasure: str | None = None,
    ) -> Requested:
        """Record it, once; a transcription that has no outcome yet will have none.

        `erasure` is the id of the order, where it is part of one. The caller knows that the
        transcription is there, and its tenant's.

        Raises:
            UnderHold: A hold is in force; nothing was recorded.
            StoreUnavailable: Nothing was recorded.
            OutcomeUnknown: It may have been recorded.
        """
        fact = erasure_requested(transcription_id, surface, erasure)
        for _ in range(TRIES_MAX):
            try:
                state = await self._handler.load(transcription_id)
            except RecordDamaged as exc:
                return await self._request_damaged(transcription_id, fact, cause, exc)
            if state.erasing:
                return _requested(state)
            await self._refuse_held(state)
            try:
                await self._facts.record(state.stream, [fact], cause, expected=state.version)
            except WrongExpectedVersion:
                continue
        raise StoreUnavailable("the transcription changes too often; ask again")

    async def _refuse_held(self, state: Transcription) -> None:
        holds = await holds_in_force(self._events, state)
        if holds:
            raise UnderHold(holds)

    async def _request_damaged(
        self, transcription_id: str, fact: Fact, cause: Cause, damaged: RecordDamaged
    ) -> Requested:
        """Record it in a stream that is damaged; what can be read of it tells of holds.

        What can be read must be erasable. Its jobs at the provider are not known any more, so
        the erasure is never recorded as complete.
        """
        state = Transcription(id=transcription_id)
        version = await self._events.version(state.stream)
        for after in range(min(version, RECORDS_MAX)):
            try:
                found = await self._events.read_stream(state.stream, after=after, limit=1)
            except RecordDamaged:
                continue
            for event in found:
                state = replace(state, version=event.version - 1)
                try:
                    state = evolve(state, event)
                except SchemaTooNew:
                    state = passed_over(state, event)
        await self._refuse_held(state)
        appended = await self._facts.record(stream_of(transcription_id), [fact], cause)
        return Requested(
            position=appended.positions[0],
            upload=await self._upload_of(transcription_id),
            damaged=damaged,
        )

    async def _upload_of(self, transcription_id: str) -> str | None:
        """Return the upload that it used, as the upload's own stream says."""
        position = await self._events.position_of(use_key(transcription_id))
        if position is None:
            return None
        try:
            used = await self._events.read(after=position - 1, limit=1)
        except RecordDamaged as exc:  # of it only its stream is known
            return exc.stream.removeprefix(UPLOAD) or None
        return used[0].stream.removeprefix(UPLOAD) if used else None


async def holds_in_force(events: EventStore, state: Transcription) -> tuple[str, ...]:
    """Return the ids of the holds on a transcription that are not released, in order.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    in_force = [
        hold
        for hold in sorted(state.holds)
        if await events.position_of(hold_release_key(hold)) is None
    ]
    return tuple(in_force)


def _requested(state: Transcription) -> Requested:
    return Requested(
        position=state.erasure_position,
        upload=state.upload,
        handle_sealed=state.handle_sealed,
        erased=state.erased,
        audio_ms=state.audio_ms,
    )
