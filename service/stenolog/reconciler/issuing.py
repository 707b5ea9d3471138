"""Issuing commands for the reconciler: each of its actions ends in one append."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.commands import Command, Fail
from stenolog.commands.transcription.state import Transcription
from stenolog.log.actors import RECONCILER
from stenolog.log.events.transcriptions import FailureReason
from stenolog.log.events.vocabulary import WakeReason
from stenolog.log.recorder import Cause

NO_SENTENCE = "The provider gave no reason."


class CommandIssuer:
    """Issues commands with the reconciler as the actor, caused by the stream's last event."""

    def __init__(self, handler: CommandHandler) -> None:
        self._handler = handler

    async def issue(
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
        return await self._handler.run(command, state, cause, payloads)

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
        return await self.issue(command, state, {"transcription.failed": failure(sentence, answer)})


def failure(sentence: str, answer: bytes = b"null") -> bytes:
    """The payload of `transcription.failed`; `answer` is JSON already, and stays as it is."""
    return b'{"error": %s, "answer": %s}' % (json.dumps(sentence).encode(), answer)
