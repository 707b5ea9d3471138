"""Record a result, and in the same append the analyses that its provider lacks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from stenolog.commands.transcription.commands import Complete
from stenolog.commands.transcription.state import Transcription
from stenolog.log.events.enrichments import AnalysisMade, TranscriptEnriched
from stenolog.log.events.request_payload import read_request
from stenolog.log.events.transcriptions import TranscriptionCompleted, TranscriptionCompletedLate
from stenolog.log.events.vocabulary import WakeReason
from stenolog.providers.port import FetchedJob
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.reading import TranscriptionReader

COMPLETED = (TranscriptionCompleted.type, TranscriptionCompletedLate.type)


class Made(Protocol):
    """What was made of one result: how each analysis ended, and all members found, as JSON."""

    @property
    def analyses(self) -> tuple[AnalysisMade, ...]:
        """Empty: nothing is missing."""
        ...

    @property
    def payload(self) -> bytes:
        """A JSON object."""
        ...


class Enricher(Protocol):
    """Makes what was asked for and what a completed answer lacks; `enrichment` does."""

    async def enrich(
        self, transcription_id: str, provider: str, answer: bytes, params: Mapping[str, Any]
    ) -> Made:
        """Return what was made; the same answer and request give the same.

        Raises:
            SideProcessEnded: It could not be tried now: ask again later.
        """
        ...


class Completer:
    """Completes transcriptions; whoever sees the result sees the analyses."""

    def __init__(
        self, gates: Gates, issuer: CommandIssuer, reader: TranscriptionReader, enricher: Enricher
    ) -> None:
        self._gates = gates
        self._issuer = issuer
        self._reader = reader
        self._enricher = enricher

    async def complete(
        self, state: Transcription, number: int, job: FetchedJob, wake: WakeReason
    ) -> bool:
        """Record the submission's completed job, and tell whether that changed anything.

        Raises:
            SideProcessEnded: What is missing could not be made now: ask again later.
            WrongExpectedVersion: The transcription moved on: look again.
            StoreError: The request cannot be read, or nothing was recorded.
        """
        completed = partial(
            Complete, number=number, wake=wake, audio_ms=job.audio_ms, words=job.words
        )
        payloads = dict.fromkeys(COMPLETED, job.raw)
        if self._gates.facts(state).analyses:
            return await self._issuer.issue(completed(), state, payloads)
        request = read_request(await self._reader.payload_at(state.request_position))
        params = request.asked_of(state.provider)
        made = await self._enricher.enrich(state.id, state.provider, job.raw, params)
        if made.analyses:
            payloads[TranscriptEnriched.type] = made.payload
            # Seconds have passed; the decision is made of what is committed by now.
            state = await self._reader.load(state.id)
        return await self._issuer.issue(completed(analyses=made.analyses), state, payloads)
