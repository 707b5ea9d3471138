"""Recording what the reconciler did or found: each action ends in one append."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.commands import Command, Fail
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.errors import ProviderUnavailable
from stenolog.log.events.transcriptions import FailureReason
from stenolog.log.events.vocabulary import ProviderName, Region, WakeReason
from stenolog.log.recorder import RECONCILER, Cause
from stenolog.providers.port import Provider, ProviderFacts
from stenolog.reconciler.breaker import Breaker

NO_SENTENCE = "The provider gave no reason."

# DECISIONS 21: nothing about a transcription is asked outside its region.
Place = tuple[ProviderName, Region | None]
"""A provider, and the region in which it is reached; None: it has no regions."""


class ProviderGate:
    """One provider, where it is to call us, and its breaker."""

    def __init__(self, provider: Provider, callback_base: str) -> None:
        self.provider = provider
        self.callback_base = callback_base
        self.breaker = Breaker()


class Recorder:
    """The way from the reconciler into the log, and what it needs from there."""

    def __init__(
        self,
        handler: CommandHandler,
        gates: Mapping[Place, ProviderGate],
        facts: Mapping[ProviderName, ProviderFacts],
    ) -> None:
        """`gates` has what is configured; `facts` every provider that a stream may name."""
        self._gates = gates
        self._facts = facts
        self.handler = handler

    def gate(self, state: Transcription) -> ProviderGate:
        """The provider of this transcription, in the region that it was asked for in.

        Raises:
            ProviderUnavailable: It is not configured any more: its key or region is missing.
        """
        gate = self._gates.get(place_of(state))
        if gate is None:
            where = "" if state.region is None else f" in region {state.region}"
            raise ProviderUnavailable(f"provider {state.provider} is not configured{where}")
        return gate

    def facts(self, state: Transcription) -> ProviderFacts:
        """What holds of this transcription's provider, configured or not."""
        return self._facts[state.provider]

    def is_gone(self, state: Transcription) -> bool:
        """Whether the provider and all its jobs are no more: see `ProviderFacts.keeps_jobs`."""
        return not self.facts(state).keeps_jobs and place_of(state) not in self._gates

    def started_anew(self, provider: ProviderName) -> None:
        """What a provider failed at before does not count any more."""
        for (name, _), gate in self._gates.items():
            if name == provider:
                gate.breaker.succeeded()
                gate.provider.started_anew()

    def clock_set_back(self) -> None:
        """No provider is left alone until a time that the clock had before."""
        for gate in self._gates.values():
            gate.breaker.clock_set_back()

    async def run(
        self,
        command: Command,
        state: Transcription,
        payloads: Mapping[str, bytes] | None = None,
    ) -> bool:
        """Whether the command changed something.

        Raises:
            WrongExpectedVersion: The transcription moved on since `state` was loaded.
        """
        cause = Cause(
            tenant=state.tenant,
            actor=RECONCILER,
            correlation_id=state.correlation_id,
            causation_id=state.last_event_id or None,
        )
        return await self.handler.run(command, state, cause, payloads)

    async def fail(
        self,
        state: Transcription,
        number: int,
        *,
        reason: FailureReason,
        sentence: str,
        answer: bytes = b"null",
        wake: WakeReason = "silence",
    ) -> bool:
        """The transcription ends with `sentence` for the customer."""
        command = Fail(number=number, reason=reason, wake=wake)
        return await self.run(command, state, {"transcription.failed": failure(sentence, answer)})

    async def job_of(self, submission: Submission) -> str:
        """The provider's handle, from the payload when the data could not hold it."""
        if submission.provider_job is not None:
            return submission.provider_job
        payload = await self.handler.payload_at(submission.accepted_position)
        return str(json.loads(payload or b"{}")["provider_job"])


def place_of(state: Transcription) -> Place:
    """Where everything about this transcription is asked, from its claim to its deletion."""
    return state.provider, state.region


def failure(sentence: str, answer: bytes = b"null") -> bytes:
    """The payload of `transcription.failed`; `answer` is JSON already, and stays as it is."""
    return b'{"error": %s, "answer": %s}' % (json.dumps(sentence).encode(), answer)
