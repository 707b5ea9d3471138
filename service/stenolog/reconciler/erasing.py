"""Decide what an erased transcription still needs: here first, then at the provider. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stenolog.commands.transcription.state import Place, Submission, Transcription
from stenolog.reconciler.actions import Action, Done, Remove, Submit, Wait, soonest
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.clearing import clear_duplicates, clear_up, expire
from stenolog.reconciler.plan import next_action as next_before_erasure
from stenolog.reconciler.timing import Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """Erase what is here: key, views, upload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishErasure:
    """Record that everything is gone, here and at the provider."""


Step = Action | Erase | FinishErasure


def asked_at(step: Step, state: Transcription) -> Place:
    """Return where the step asks: where its submission was made, or is to be."""
    match step:
        case Submit(place=place):
            return state.place if place is None else place
        case Erase() | FinishErasure() | Wait() | Done():
            return state.place
        case _:
            return state.place_of(step.number)


def next_action(
    state: Transcription,
    attempts: Attempts,
    timing: Timing,
    now_ms: int,
    away: Collection[Place] = (),
) -> Step:
    """Return what the reconciler must do for this transcription now, erased or not.

    `away` are those of its places where nobody may ask for a while.
    """
    if not state.erasing:
        return next_before_erasure(state, attempts, timing, now_ms, away)
    if now_ms < attempts.retry_at_ms:
        return Wait(until_ms=attempts.retry_at_ms)
    return erase(state, attempts, timing, now_ms)


def erase(state: Transcription, attempts: Attempts, timing: Timing, now_ms: int) -> Step:
    """Erase here, then at the provider.

    Deleting a job is tried until it succeeds: `erasure.completed` says that it is gone. A job whose
    handle is sealed is deleted before the key is; a job that turns up later is deleted too. A
    provider that does not delete has forgotten a job after a while: it is waited for.
    """
    held = [s for s in state.submissions if s.accepted_position and s.outcome != "removed"]
    # DECISIONS 58: without the key nobody could name these jobs.
    sealed = [s for s in held if s.provider_job is None]
    if sealed:
        return _remove(sealed, attempts, timing, now_ms)
    duplicates = clear_duplicates(state, attempts, timing, now_ms)
    if duplicates and state.handle_sealed:
        return _turn(duplicates, attempts)
    if not state.erased and not attempts.erased:
        return Erase()
    if held:
        return _remove(held, attempts, timing, now_ms)
    if duplicates:
        return _turn(duplicates, attempts)
    found = (
        clear_up(state, one, attempts, timing.at(one.place), now_ms) for one in state.submissions
    )
    action = soonest([one for one in found if one is not None])
    if action is not None:
        return action
    return Done() if state.erased else FinishErasure()


def _turn(owed: Sequence[Remove | Wait], attempts: Attempts) -> Remove | Wait:
    """Begin with another one after each failure; what is due comes before what is not."""
    due = [one for one in owed if isinstance(one, Remove)]
    return due[attempts.failures % len(due)] if due else owed[0]


def _remove(
    held: Sequence[Submission], attempts: Attempts, timing: Timing, now_ms: int
) -> Remove | Wait:
    """Begin with another job after each failure, so that one does not block the rest.

    Jobs that the provider does not delete go in the order in which it took them.
    """
    deleted = [s for s in held if timing.at(s.place).facts.deletes]
    if deleted:
        return Remove(number=deleted[attempts.failures % len(deleted)].number)
    first = min(held, key=lambda submission: submission.accepted_at_ms)
    return expire(first, timing.at(first.place), now_ms)
