"""What is owed to an erased transcription in every situation."""

from __future__ import annotations

from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    AcceptSubmission,
    ClaimSubmission,
    Complete,
    CompleteErasure,
    Fail,
    RecordRemoval,
    RefuseSubmission,
)
from stenolog.commands.transcription.decide import decide
from stenolog.log.event_data import EventData
from stenolog.log.events.transcriptions import ErasureCompleted, ErasureRequested
from stenolog.reconciler.actions import Confirm, Done, Remove, Settle, Wait
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.erasing import Erase, FinishErasure, Step, next_action
from tests.unit.commands.stories import (
    REQUESTED,
    START_MS,
    abandoned,
    accepted,
    called,
    claimed,
    completed,
    failed,
    refused,
    removed,
    superseded,
    told,
)
from tests.unit.reconciler.test_plan import TIMING

REMOVE = RecordRemoval(number=1, known="deleted")
ERASURE = ErasureRequested(surface="v2")
OVER = ErasureCompleted(jobs=1, deleted=1, unknown=0, expired=0, ended=0)
HERE = Attempts(erased=True)
FINISHED = (REQUESTED, claimed(), accepted(), completed(), ERASURE)


def owed(*facts: EventData, attempts: Attempts = HERE, after_ms: int = 0) -> Step:
    return next_action(told(*facts), attempts, TIMING, START_MS + after_ms)


def test_what_is_here_goes_first() -> None:
    assert owed(*FINISHED, attempts=Attempts()) == Erase()
    assert owed(REQUESTED, ERASURE, attempts=Attempts()) == Erase()


def test_then_every_job_that_the_provider_may_have() -> None:
    assert owed(*FINISHED) == Remove(number=1)
    assert owed(REQUESTED, claimed(), accepted(), ERASURE) == Remove(number=1)
    assert owed(REQUESTED, claimed(), accepted(), failed(), ERASURE) == Remove(number=1)
    two = (REQUESTED, claimed(), abandoned(), claimed(2), accepted(2), completed(2))
    late = (*two, called(1, job="job-0"), accepted(1, "job-0"), superseded(1), ERASURE)
    assert owed(*late) == Remove(number=1)
    assert owed(*late, attempts=Attempts(erased=True, failures=1)) == Remove(number=2)
    assert owed(*late, removed(1)) == Remove(number=2)
    assert owed(*late, removed(1), removed(2)) == FinishErasure()


def test_a_job_known_only_by_its_payload_goes_before_the_key() -> None:
    sealed = (REQUESTED, claimed(), accepted(1, None), completed(), ERASURE)
    assert told(*sealed).handle_sealed
    assert owed(*sealed, attempts=Attempts()) == Remove(number=1)
    assert owed(*sealed, removed(), attempts=Attempts()) == Erase()
    assert not told(*sealed, removed()).handle_sealed


def test_a_claim_of_unknown_outcome_is_settled() -> None:
    unknown = (REQUESTED, claimed(), ERASURE)
    assert owed(*unknown) == Wait(until_ms=START_MS + TIMING.settle_ms)
    assert owed(*unknown, after_ms=TIMING.settle_ms) == Settle(number=1)
    assert owed(*unknown, abandoned()) == FinishErasure()
    assert owed(REQUESTED, claimed(), refused(), ERASURE) == FinishErasure()


def test_after_a_failure_it_waits_as_long_as_it_must() -> None:
    waiting = Attempts(erased=True, failures=3, retry_at_ms=START_MS + 7)
    assert owed(*FINISHED, attempts=waiting) == Wait(until_ms=START_MS + 7)


def test_it_is_over_once_and_a_job_that_turns_up_later_goes_too() -> None:
    over = (REQUESTED, claimed(), abandoned(), ERASURE, OVER)
    assert owed(*over, attempts=Attempts()) == Done()
    assert owed(*over, called(job="job-9"), attempts=Attempts()) == Confirm(number=1, job="job-9")
    found = (*over, called(job="job-9"), accepted(1, "job-9"))
    assert owed(*found, attempts=Attempts()) == Remove(number=1)
    assert owed(*found, removed(), attempts=Attempts()) == Done()


def test_an_erased_transcription_gets_no_outcome_and_no_new_job() -> None:
    state = told(REQUESTED, claimed(), accepted(), ERASURE)
    assert state.terminal
    assert not decide(Complete(number=1, wake="callback", audio_ms=1, words=1), state)
    assert not decide(Fail(number=1, reason="deadline", wake="silence"), state)
    assert not decide(ClaimSubmission(number=1, kid=1), told(REQUESTED, ERASURE))
    refusal = RefuseSubmission(
        number=1, status=400, reason="invalid", retry_in_ms=None, final=True, wake="command"
    )
    types = [data.type for data in decide(refusal, told(REQUESTED, claimed(), ERASURE))]
    assert types == ["submission.refused"]


def test_what_becomes_of_its_jobs_is_still_recorded() -> None:
    unknown = told(REQUESTED, claimed(), ERASURE)
    assert decide(AcceptSubmission(number=1, provider_job="job-1", adopted=False), unknown)
    assert not decide(AcceptSubmission(number=1, provider_job=None, adopted=False), unknown)
    assert decide(AbandonSubmission(number=1, reason="not-listed"), unknown)
    assert decide(REMOVE, unknown)
    assert not decide(REMOVE, told(REQUESTED, claimed(), removed(), ERASURE))
    assert not decide(REMOVE, told(REQUESTED, claimed(), accepted()))
    assert not decide(RecordRemoval(number=2, known="deleted"), unknown)


def test_the_end_is_recorded_once_and_counts_the_jobs() -> None:
    gone = (*FINISHED, removed())
    assert decide(CompleteErasure(), told(*gone)) == (OVER,)
    assert not decide(CompleteErasure(), told(*gone, OVER))
    assert not decide(CompleteErasure(), told(REQUESTED))
