"""Given events, when a command, then events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    AcceptSubmission,
    ClaimSubmission,
    Command,
    Complete,
    Fail,
    FailSubmission,
    RecordRemoval,
    RefuseSubmission,
    RequestTranscription,
    Supersede,
)
from stenolog.commands.transcription.decide import RESUBMISSIONS_MAX, decide
from stenolog.commands.transcription.decide_jobs import LATER_MS_MAX, LATER_STATUSES, pages_until
from stenolog.log.event_data import EventData
from stenolog.log.events.enrichments import AnalysisMade
from stenolog.log.events.submissions import AbandonReason
from tests.unit.commands.stories import (
    REQUESTED,
    abandoned,
    accepted,
    called,
    claimed,
    completed,
    completed_late,
    failed,
    refused,
    removed,
    server_error,
    superseded,
    told,
    unanswered,
)

REQUEST = RequestTranscription(provider="assemblyai", region="us", surface="v2", upload=None)
CLAIM = ClaimSubmission(number=1, kid=1)
CLAIM_2 = ClaimSubmission(number=2, kid=1)
REMOVE = RecordRemoval(number=1, known="deleted")
ACCEPT = AcceptSubmission(number=1, provider_job="job-1", adopted=False)
ABANDON = AbandonSubmission(number=1, reason="not-listed")
COMPLETE = Complete(number=1, wake="callback", audio_ms=1_000, words=3)
FAIL = Fail(number=1, reason="provider", wake="callback")


def refuse(*, final: bool) -> RefuseSubmission:
    return RefuseSubmission(
        number=1, status=503, reason="unavailable", retry_in_ms=None, final=final, wake="command"
    )


RUNNING = (REQUESTED, claimed(), accepted())
TWO_RUN = (REQUESTED, claimed(), abandoned(), claimed(2), accepted(2, "job-2"), accepted())

ENDED: tuple[tuple[str, tuple[EventData, ...], Command, tuple[EventData, ...]], ...] = (
    ("a request begins a stream", (), REQUEST, (REQUESTED,)),
    ("and is the first and only", (REQUESTED,), REQUEST, ()),
    ("a claim needs a request", (), CLAIM, ()),
    ("a request may be claimed", (REQUESTED,), CLAIM, (claimed(),)),
    ("a claim has the next number", (REQUESTED,), CLAIM_2, ()),
    ("an open claim is the only one", (REQUESTED, claimed()), CLAIM_2, ()),
    ("a job is the only one", RUNNING, CLAIM_2, ()),
    ("after a refusal comes the next", (REQUESTED, claimed(), refused()), CLAIM_2, (claimed(2),)),
    ("after no job the next", (REQUESTED, claimed(), abandoned()), CLAIM_2, (claimed(2),)),
    ("the end ends claims", (REQUESTED, claimed(), refused(), failed()), CLAIM_2, ()),
    ("a claim may be accepted", (REQUESTED, claimed()), ACCEPT, (accepted(),)),
    ("what nobody claimed may not", (REQUESTED,), ACCEPT, ()),
    ("a job is accepted once", RUNNING, ACCEPT, ()),
    ("a job may turn up", (REQUESTED, claimed(), abandoned()), ACCEPT, (accepted(),)),
    ("also after a refusal", (REQUESTED, claimed(), refused()), ACCEPT, (accepted(),)),
    ("not what was superseded", (*TWO_RUN, completed(2), superseded()), ACCEPT, ()),
    ("a claim may be refused", (REQUESTED, claimed()), refuse(final=False), (refused(),)),
    ("a job may not", RUNNING, refuse(final=False), ()),
    ("a job may be forgotten", RUNNING, ABANDON, (abandoned(),)),
    ("only once", (REQUESTED, claimed(), abandoned()), ABANDON, ()),
    ("a job may complete", RUNNING, COMPLETE, (completed(),)),
    ("a claim may not", (REQUESTED, claimed()), COMPLETE, ()),
    ("the first success wins", (*RUNNING, completed()), COMPLETE, ()),
    ("success after failure does not", (*RUNNING, failed()), COMPLETE, ()),
    ("a job may fail", RUNNING, FAIL, (failed(),)),
    ("failure after success does not", (*RUNNING, completed()), FAIL, ()),
    ("what was never submitted cannot fail", (REQUESTED,), FAIL, ()),
    ("the winner is not superseded", (*TWO_RUN, completed(1)), Supersede(number=1), ()),
    ("the other is", (*TWO_RUN, completed(2)), Supersede(number=1), (superseded(),)),
    ("not before the end", TWO_RUN, Supersede(number=1), ()),
    ("the superseded is removed", (*TWO_RUN, completed(2), superseded()), REMOVE,
     (removed(),)),
    ("once", (*TWO_RUN, completed(2), superseded(), removed()), REMOVE, ()),
    ("and nothing else is", (*TWO_RUN, completed(2)), REMOVE, ()),
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "when", "then"), [case[1:] for case in ENDED], ids=[case[0] for case in ENDED]
)
def test_a_command_leads_to(
    given: tuple[EventData, ...], when: Command, then: tuple[EventData, ...]
) -> None:
    assert tuple(decide(when, told(*given))) == then


@pytest.mark.parametrize(
    ("reason", "ends"), [("not-listed", True), ("forgotten", False), ("restarted", False)]
)
def test_only_a_claim_that_left_no_job_ends_with_the_third_page(
    reason: AbandonReason, *, ends: bool
) -> None:
    pages = [(claimed(number), unanswered(number), abandoned(number)) for number in (1, 2)]
    last = (claimed(3), unanswered(3)) if ends else (claimed(3), unanswered(3), accepted(3))
    state = told(REQUESTED, *(event for page in pages for event in page), *last)
    events = decide(AbandonSubmission(number=3, reason=reason), state)
    expected = ["submission.abandoned", *(["transcription.failed"] if ends else [])]
    assert [event.type for event in events] == expected


@pytest.mark.parametrize(("every_ms", "ends"), [(60_000, False), (LATER_MS_MAX // 4, True)])
@pytest.mark.parametrize("status", sorted(LATER_STATUSES))
def test_pages_that_say_later_end_it_after_a_day(status: int, every_ms: int, *, ends: bool) -> None:
    pages = [(claimed(n), unanswered(n, status), abandoned(n)) for n in (1, 2)]
    story = [*(event for page in pages for event in page), claimed(3), unanswered(3, status)]
    state = told(REQUESTED, *story, every_ms=every_ms)
    assert pages_until(state, 3) == (3 if ends else 0)
    events = decide(AbandonSubmission(number=3, reason="not-listed"), state)
    assert [event.type for event in events][1:] == ["transcription.failed"] * ends


def test_a_page_that_says_later_does_not_count_to_the_three_that_say_no() -> None:
    first = (claimed(), unanswered(1, 429), abandoned())
    pages = [(claimed(n), unanswered(n), abandoned(n)) for n in (2, 3)]
    state = told(REQUESTED, *first, *(event for page in pages for event in page))
    assert pages_until(state, 3) == 0


def test_a_final_refusal_ends_the_transcription_in_the_same_append() -> None:
    events = decide(refuse(final=True), told(REQUESTED, claimed()))
    assert [event.type for event in events] == ["submission.refused", "transcription.failed"]


def test_a_final_refusal_of_what_has_ended_is_only_a_refusal() -> None:
    state = told(REQUESTED, claimed(), abandoned(), claimed(2), accepted(2), completed(2))
    command = RefuseSubmission(
        number=1, status=400, reason="invalid", retry_in_ms=None, final=True, wake="command"
    )
    assert decide(command, state) == ()


def test_the_fold_knows_status_jobs_and_callbacks() -> None:
    assert told(REQUESTED).status == "queued"
    assert told(REQUESTED, claimed()).status == "queued"
    state = told(*RUNNING, called(kind="unreadable", job=None), called(job="job-9"))
    assert state.status == "processing"
    assert state.last is not None
    assert state.last.provider_job == "job-1"
    assert state.last.called_back == {"unreadable", "completed"}
    assert state.last.callback_jobs == ("job-9",)
    assert told(*RUNNING, failed()).status == "error"
    late = told(*TWO_RUN[:5], completed(2), accepted(1))
    assert (late.status, late.finished_by) == ("completed", 2)


def test_a_callback_for_a_submission_that_is_not_known_changes_no_other() -> None:
    before, now = told(*RUNNING), told(*RUNNING, called(7))
    assert now.submissions == before.submissions


def test_a_server_error_leads_to_another_submission_until_there_were_enough() -> None:
    story: list[EventData] = [REQUESTED]
    for number in range(1, RESUBMISSIONS_MAX + 1):
        story += [claimed(number), accepted(number, f"job-{number}")]
        events = decide(
            FailSubmission(number=number, kind="server-error", wake="poll"), told(*story)
        )
        assert [event.type for event in events] == ["submission.failed"]
        story.append(server_error(number))
    last = RESUBMISSIONS_MAX + 1
    story += [claimed(last), accepted(last, f"job-{last}")]
    events = decide(FailSubmission(number=last, kind="server-error", wake="poll"), told(*story))
    assert [event.type for event in events] == ["transcription.failed"]


def test_a_failed_submission_is_over() -> None:
    state = told(REQUESTED, claimed(), accepted(), server_error())
    assert state.status == "processing"
    again = FailSubmission(number=1, kind="server-error", wake="poll")
    assert decide(again, state) == ()
    assert decide(Complete(number=1, wake="poll", audio_ms=1, words=1), state) == ()
    assert decide(ClaimSubmission(number=2, kid=1), state) != ()


def test_a_result_after_we_gave_up_is_late_and_there_is_one() -> None:
    late = Complete(number=1, wake="callback", audio_ms=1_000, words=3)
    given_up = told(REQUESTED, claimed(), accepted(), failed(reason="deadline"))
    assert [event.type for event in decide(late, given_up)] == ["transcription.completed_late"]
    done = told(REQUESTED, claimed(), accepted(), failed(reason="deadline"), completed_late())
    assert done.status == "completed"
    assert decide(late, done) == ()


@pytest.mark.parametrize("ending", [(), (failed(reason="deadline"),)])
def test_what_was_made_of_a_result_stands_right_before_it(ending: tuple[EventData, ...]) -> None:
    made = AnalysisMade(analysis="summarization", method="word-counts", version=1, outcome="found")
    state = told(*RUNNING, *ending)
    first, result = decide(replace(COMPLETE, analyses=(made,)), state)
    assert first.type == "transcript.enriched"
    assert first.model_dump() == {"submission": 1, "analyses": [made.model_dump()]}
    assert result.model_dump()["enriched"] is True
    (alone,) = decide(COMPLETE, state)
    assert alone.model_dump()["enriched"] is False


def test_what_the_provider_failed_stays_failed() -> None:
    state = told(REQUESTED, claimed(), accepted(), failed())
    assert decide(Complete(number=1, wake="callback", audio_ms=1, words=1), state) == ()
