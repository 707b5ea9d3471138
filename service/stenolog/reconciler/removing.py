"""Delete jobs at the provider, and record how it is known that they are gone."""

from __future__ import annotations

from stenolog.commands.transcription.commands import RecordRemoval
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import ProviderUnavailable
from stenolog.log.events.submissions import RemovalProof
from stenolog.providers.port import UnknownJob
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.reading import TranscriptionReader


class Remover:
    """Sees to it that a job is gone."""

    def __init__(self, gates: Gates, issuer: CommandIssuer, reader: TranscriptionReader) -> None:
        self._gates = gates
        self._issuer = issuer
        self._reader = reader

    async def remove(self, state: Transcription, number: int, duplicate: int | None = None) -> None:
        """Delete the submission's job, or this duplicate, unless it is gone by itself.

        Raises:
            ProviderUnavailable: It is not known to be gone.
        """
        if self._gates.is_gone(state):
            await self._record(state, number, duplicate, "ended")
        elif not self._gates.facts(state).deletes:
            await self._record(state, number, duplicate, "expired")
        else:
            job = await self._job(state, number, duplicate)
            await self.remove_job(state, number, job, duplicate)

    async def remove_job(
        self, state: Transcription, number: int, job: str, duplicate: int | None = None
    ) -> None:
        """Delete a job that belongs to this submission, and record how it is known to be gone.

        Raises:
            ProviderUnavailable: It says that it knows no such job, and then shows it.
        """
        await self._record(state, number, duplicate, await self.delete(state, job))

    async def delete(self, state: Transcription, job: str) -> RemovalProof:
        """Delete a job of the transcription, and return how it is known to be gone.

        Raises:
            ProviderUnavailable: It says that it knows no such job, and then shows it.
        """
        provider = self._gates.gate(state).provider
        unknown = await provider.delete(job)
        if unknown is None:
            return "deleted"
        if unknown.of_earlier_start:
            return "ended"
        if not isinstance(await provider.fetch(job), UnknownJob):
            raise ProviderUnavailable("the provider denies a job, and shows it all the same")
        return "unknown"

    async def _job(self, state: Transcription, number: int, duplicate: int | None) -> str:
        if duplicate is None:
            submission = state.submission(number)
            assert submission is not None
            return await self._reader.job_of(submission)
        one = next(one for one in state.duplicates if one.number == duplicate)
        return await self._reader.handle_of(one.provider_job, one.position)

    async def _record(
        self, state: Transcription, number: int, duplicate: int | None, proof: RemovalProof
    ) -> None:
        command = RecordRemoval(number=number, known=proof, duplicate=duplicate)
        await self._issuer.issue(command, state)
