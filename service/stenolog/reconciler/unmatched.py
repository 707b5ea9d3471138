"""Tell whether what we have of a job's callback is what was to be expected. Pure."""

from __future__ import annotations

from stenolog.commands.transcription.state import Submission
from stenolog.log.events.callbacks import UnmatchedKind
from stenolog.providers.port import FetchedJob


def unmatched(submission: Submission, found: FetchedJob, *, overdue: bool) -> UnmatchedKind | None:
    """Return what is wrong with the callback of a job that has ended; None: nothing.

    `overdue`: it should have come long ago. A provider that says nothing of a callback that we have
    has perhaps not noted our answer yet.
    """
    told = found.webhook_status
    delivered = told is not None and 200 <= told < 300
    if submission.called_back & {"completed", "error"}:
        return None if told is None or delivered else "told-failed"
    if delivered:
        return "told-delivered"
    return "missing" if overdue else None
