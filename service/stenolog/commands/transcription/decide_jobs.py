"""Decide what becomes of jobs that bring no outcome: there are none, or they are deleted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never, get_args

from stenolog.commands.transcription.asked import failed
from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    RecordDelay,
    RecordDuplicate,
    RecordRemoval,
    RecordSearch,
    RecordUnanswered,
    RecordUnmatched,
    Supersede,
)
from stenolog.commands.transcription.state import OPEN_OUTCOMES, Submission, Transcription
from stenolog.log.event_data import EventData
from stenolog.log.events.callbacks import CallbackUnmatched
from stenolog.log.events.submissions import (
    RemovalProof,
    SubmissionAbandoned,
    SubmissionDelayed,
    SubmissionDuplicated,
    SubmissionRemoved,
    SubmissionSearched,
    SubmissionSuperseded,
    SubmissionUnanswered,
)
from stenolog.log.events.transcriptions import ErasureCompleted

PAGES_MAX = 3  # answers of 4xx to creates that are not the provider's; then it ends
# RFC 9110, 8470 and 6585: these say of themselves that the same request may be taken later.
LATER_STATUSES = frozenset({408, 425, 429})
LATER_MS_MAX = 86_400_000  # from the first page to one that says "later"; then it ends all the same
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
    if state.terminal or not (counts and pages_until(state, command.number)):
        return (abandoned,)
    return (abandoned, failed(state, command.number, "refused", "command"))


def pages_until(state: Transcription, number: int) -> int:
    """Count the answers that are not the provider's, when this submission's is the last; else 0.

    It is the third that says no, or, of those that say "later", one a day after the first.
    """
    own = state.submission(number)
    if own is None or not _refuses(own):
        return 0
    pages = [one for one in state.submissions if _refuses(one)]
    at_once = sum(not _says_later(one) for one in pages)
    for_long = own.claimed_at_ms - pages[0].claimed_at_ms >= LATER_MS_MAX
    if at_once >= PAGES_MAX and not _says_later(own):
        return at_once
    return len(pages) if len(pages) >= PAGES_MAX and for_long else 0


def _refuses(submission: Submission) -> bool:
    return submission.page is not None and 400 <= submission.page.status < 500


def _says_later(submission: Submission) -> bool:
    return submission.page is not None and submission.page.status in LATER_STATUSES


def decide_duplicate(command: RecordDuplicate, state: Transcription) -> Sequence[EventData]:
    """Once, of a job that is none that is known; a handle that is sealed, not after an erasure."""
    job, known = command.provider_job, {one.provider_job for one in state.duplicates}
    own = state.submission(command.number)
    if own is None or (job is not None and job in {*known, own.provider_job}):
        return ()
    if not duplicates_left(state, sealed=job is None):
        return ()
    return (
        SubmissionDuplicated(
            submission=command.number, duplicate=len(state.duplicates) + 1, provider_job=job
        ),
    )


def decide_noted(
    command: RecordSearch | RecordDelay | RecordUnmatched, state: Transcription
) -> Sequence[EventData]:
    """Return what was found out about a submission whose job is known, once."""
    match command:
        case RecordSearch():
            return decide_search(command, state)
        case RecordDelay():
            return decide_delay(command, state)
        case RecordUnmatched():
            return decide_unmatched(command, state)
        case _:
            assert_never(command)


def decide_delay(command: RecordDelay, state: Transcription) -> Sequence[EventData]:
    """Return it once, while the outcome is still to come."""
    submission = state.submission(command.number)
    if state.terminal or submission is None or submission.outcome != "accepted":
        return ()
    return () if submission.delayed else (SubmissionDelayed(submission=command.number),)


def decide_unmatched(command: RecordUnmatched, state: Transcription) -> Sequence[EventData]:
    """Return it once for each kind, of a submission whose job is known."""
    submission = state.submission(command.number)
    if submission is None or submission.outcome != "accepted":
        return ()
    if command.kind in submission.unmatched:
        return ()
    return (CallbackUnmatched(submission=command.number, kind=command.kind, status=command.status),)


def decide_search(command: RecordSearch, state: Transcription) -> Sequence[EventData]:
    """Once, of a submission whose job was found."""
    own = state.submission(command.number)
    if own is None or not own.search_owed:
        return ()
    return (SubmissionSearched(submission=command.number),)


def duplicates_left(state: Transcription, *, sealed: bool = False) -> int:
    """Return how many more may be recorded; `sealed`: whose handle only a payload can hold."""
    return 0 if state.erasing and sealed else DUPLICATES_MAX - len(state.duplicates)


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
