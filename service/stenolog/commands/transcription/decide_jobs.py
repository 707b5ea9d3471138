"""Decide what becomes of jobs that bring no outcome: there are none, or they are deleted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    RecordDuplicate,
    RecordRemoval,
    RecordUnanswered,
    Supersede,
)
from stenolog.commands.transcription.state import OPEN_OUTCOMES, Submission, Transcription
from stenolog.log.event_data import EventData
from stenolog.log.events.submissions import (
    RemovalProof,
    SubmissionAbandoned,
    SubmissionDuplicated,
    SubmissionRemoved,
    SubmissionSuperseded,
    SubmissionUnanswered,
)
from stenolog.log.events.transcriptions import ErasureCompleted, TranscriptionFailed

PAGES_MAX = 3  # answers of 4xx to creates that are not the provider's; then it ends
# RFC 9110, 8470 and 6585: these say of themselves that the same request may be taken later.
LATER_STATUSES = frozenset({408, 425, 429})
DUPLICATES_MAX = 16  # of one transcription, that are recorded


def decide_unanswered(command: RecordUnanswered, state: Transcription) -> Sequence[EventData]:
    """Of a submission whose outcome is unknown, which it stays."""
    if state.outcome_of(command.number) != "unknown":
        return ()
    return (
        SubmissionUnanswered(
            submission=command.number,
            status=command.status,
            request_bytes=command.request_bytes,
            answer_bytes=command.answer_bytes,
        ),
    )


def decide_abandonment(command: AbandonSubmission, state: Transcription) -> Sequence[EventData]:
    """Return that there is no job, and the end after enough refusals that are not the provider's.

    Those are repeated as if nothing had been answered, because a job may have been made; but what
    stands in between may not let this request through at all.
    """
    if state.outcome_of(command.number) not in OPEN_OUTCOMES:
        return ()
    abandoned = SubmissionAbandoned(submission=command.number, reason=command.reason)
    counts = command.reason == "not-listed"  # else there was a job: the page was not the last word
    if state.terminal or not (counts and is_last_page(state, command.number)):
        return (abandoned,)
    failed = TranscriptionFailed(submission=command.number, reason="refused", wake="command")
    return (abandoned, failed)


def is_last_page(state: Transcription, number: int) -> bool:
    """Tell whether the transcription ends when this submission turns out to have made no job."""
    pages = [one.number for one in state.submissions if _refuses(one)]
    return number in pages and len(pages) >= PAGES_MAX


def _refuses(submission: Submission) -> bool:
    page = submission.page
    return page is not None and 400 <= page.status < 500 and page.status not in LATER_STATUSES


def decide_duplicate(command: RecordDuplicate, state: Transcription) -> Sequence[EventData]:
    """Once, of a job that is none that is known; a handle that is sealed, not after an erasure."""
    job, known = command.provider_job, {one.provider_job for one in state.duplicates}
    own = state.submission(command.number)
    if own is None or (job is not None and job in {*known, own.provider_job}):
        return ()
    if len(state.duplicates) >= DUPLICATES_MAX or (state.erasing and job is None):
        return ()
    return (
        SubmissionDuplicated(
            submission=command.number, duplicate=len(state.duplicates) + 1, provider_job=job
        ),
    )


def decide_supersession(command: Supersede, state: Transcription) -> Sequence[EventData]:
    """Only of a job that did not bring the outcome."""
    finished = state.terminal and command.number != state.finished_by
    if not finished or state.outcome_of(command.number) != "accepted":
        return ()
    return (SubmissionSuperseded(submission=command.number),)


def decide_removal(command: RecordRemoval, state: Transcription) -> Sequence[EventData]:
    """Of a superseded job or a duplicate, or of any once the transcription is to be erased."""
    removed = SubmissionRemoved(
        submission=command.number, duplicate=command.duplicate, known=command.known
    )
    if command.duplicate is not None:
        left = {(one.submission, one.number) for one in state.left_duplicates}
        return (removed,) if (command.number, command.duplicate) in left else ()
    outcome = state.outcome_of(command.number)
    if outcome in {None, "removed"} or not (state.erasing or outcome == "superseded"):
        return ()
    return (removed,)


def decide_completed_erasure(state: Transcription) -> Sequence[EventData]:
    """Once, and only after it was requested."""
    if not state.erasing or state.erased:
        return ()
    told = [*(s.removal for s in state.submissions), *(d.removal for d in state.duplicates)]
    ways: dict[str, int] = {way: told.count(way) for way in get_args(RemovalProof)}
    return (ErasureCompleted(jobs=sum(ways.values()), **ways),)
