"""Record what the provider has answered to a create, whatever has happened to the stream since."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.commands.transcription.commands import (
    AcceptSubmission,
    ClaimSubmission,
    Command,
    RecordUnanswered,
    RefuseSubmission,
)
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import ProviderRefused, ProviderUnavailable, WrongExpectedVersion
from stenolog.log.event_data import is_provider_job
from stenolog.log.events.submissions import RefusalReason
from stenolog.reconciler.issuing import NO_SENTENCE, CommandIssuer, failure
from stenolog.reconciler.reading import TranscriptionReader

# Callbacks of one submission name few jobs, mostly one: its stream cannot move on more often.
RECORD_ATTEMPTS_MAX = 24


class AnswerRecorder:
    """Appends what became of a submission."""

    def __init__(
        self, issuer: CommandIssuer, reader: TranscriptionReader, keys: CallbackKeys
    ) -> None:
        self._issuer = issuer
        self._reader = reader
        self._keys = keys

    async def accept(self, state: Transcription, number: int, job: str, *, adopted: bool) -> bool:
        """Record the submission's job; an id that `data` may not hold goes into the payload.

        The stream may have moved since it was loaded, by a callback that overtook the reply: the
        acceptance holds all the same.
        """
        plain = is_provider_job(job)
        command = AcceptSubmission(
            number=number, provider_job=job if plain else None, adopted=adopted
        )
        payload = json.dumps({"provider_job": job}).encode()
        return await self._record(command, state, {} if plain else {"submission.accepted": payload})

    async def never(self, state: Transcription, number: int, exc: ProviderRefused) -> None:
        """End a transcription that can never be submitted, with a claim that called nobody."""
        claim = ClaimSubmission(number=number, kid=self._keys.current)
        if await self._issuer.issue(claim, state):
            await self.refused(state, number, exc)

    async def without_settings(
        self, state: Transcription, number: int, exc: ProviderRefused
    ) -> None:
        """Record a refusal that may be of a setting's value: it is tried once more without."""
        command = RefuseSubmission(
            number=number,
            status=exc.status,
            reason="setting",
            retry_in_ms=0,
            final=False,
            wake="command",
        )
        await self._refuse(state, command, "")

    async def refused(self, state: Transcription, number: int, exc: ProviderRefused) -> None:
        """Record that the provider said no: for good, or until our key is accepted again."""
        if exc.final:
            reason: RefusalReason = "invalid"
        else:
            reason = "not-found" if exc.status == 404 else "credentials"
        command = RefuseSubmission(
            number=number,
            status=exc.status,
            reason=reason,
            retry_in_ms=None,
            final=exc.final,
            wake="command",
        )
        await self._refuse(state, command, exc.sentence or NO_SENTENCE)

    async def postponed(self, state: Transcription, number: int, exc: ProviderUnavailable) -> None:
        """Record that the provider said not now, or was not reached."""
        command = RefuseSubmission(
            number=number,
            status=exc.status,
            reason="throttled" if exc.status == 429 else "unavailable",
            retry_in_ms=exc.retry_in_ms,
            final=False,
            wake="command",
        )
        await self._refuse(state, command, "")

    async def unanswered(
        self, state: Transcription, number: int, page: tuple[int, int], request_bytes: int
    ) -> None:
        """Record that something else answered, with this status and so many bytes."""
        status, answer_bytes = page
        command = RecordUnanswered(
            number=number, status=status, request_bytes=request_bytes, answer_bytes=answer_bytes
        )
        await self._record(command, state, {})

    async def _refuse(self, state: Transcription, command: RefuseSubmission, sentence: str) -> None:
        await self._record(command, state, {"transcription.failed": failure(sentence)})

    async def _record(
        self, command: Command, state: Transcription, payloads: Mapping[str, bytes]
    ) -> bool:
        """Record the provider's answer, whatever has happened to the stream since."""
        for _ in range(RECORD_ATTEMPTS_MAX):
            state = await self._reader.load(state.id)
            try:
                return await self._issuer.issue(command, state, payloads)
            except WrongExpectedVersion:
                continue
        raise WrongExpectedVersion(f"the stream moved on {RECORD_ATTEMPTS_MAX} times")
