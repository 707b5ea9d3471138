"""The plan from `erasure.requested` on: what is owed to an erased transcription, as pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.reconciler.actions import Action, Done, Remove, Wait
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.clearing import clear_up
from stenolog.reconciler.plan import next_action as next_before_erasure
from stenolog.reconciler.timing import Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """Erase what is here: key, views, upload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishErasure:
    """Record that everything is gone, here and at the provider."""


Step = Action | Erase | FinishErasure


def next_action(state: Transcription, attempts: Attempts, timing: Timing, now_ms: int) -> Step:
    """What the reconciler owes this transcription now, erased or not."""
    if not state.erasing:
        return next_before_erasure(state, attempts, timing, now_ms)
    if now_ms < attempts.retry_at_ms:
        return Wait(until_ms=attempts.retry_at_ms)
    return erase(state, attempts, timing, now_ms)


def erase(state: Transcription, attempts: Attempts, timing: Timing, now_ms: int) -> Step:
    """First here, then at the provider.

    A job is deleted however often that takes: `erasure.completed` says that it is gone. One whose
    handle is sealed comes before the key goes; one that turns up after the end is deleted too.
    """
    held = [s for s in state.submissions if s.accepted_position and s.outcome != "removed"]
    # DECISIONS 58: without the key nobody could name these jobs.
    sealed = [s for s in held if s.provider_job is None]
    if sealed:
        return _remove(sealed, attempts)
    if not state.erased and not attempts.erased:
        return Erase()
    if held:
        return _remove(held, attempts)
    for submission in state.submissions:
        action = clear_up(state, submission, attempts, timing, now_ms)
        if action is not None:
            return action
    return Done() if state.erased else FinishErasure()


def _remove(held: Sequence[Submission], attempts: Attempts) -> Remove:
    """Another one after each failure: a job that cannot be deleted keeps no other one there."""
    return Remove(number=held[attempts.failures % len(held)].number)
