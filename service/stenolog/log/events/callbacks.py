"""Declare the event of a provider's callback."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from stenolog.log.event_data import Count, EventData, HttpStatus, ProviderJob, SubmissionNumber
from stenolog.log.open_work import OpenWork

CallbackKind = Literal["completed", "error", "redacted_audio", "unreadable", "oversized"]


UnmatchedKind = Literal["missing", "told-delivered", "told-failed"]
"""`missing`: the job has ended, and its callback is long overdue. `told-delivered`: the provider
says that we took it, and we do not have it. `told-failed`: we have it, and it says that we did not
take it."""


class CallbackReceived(EventData):
    """The provider called; this is a hint, and is checked with the provider."""

    type = "callback.received"
    public = False
    payload = "a JSON object: `body` in base64, `headers`; only `headers` when oversized"
    payload_is = "optional"  # none when the transcription is erased, or its key is lost

    submission: SubmissionNumber
    kid: Count
    kind: CallbackKind
    provider_job: ProviderJob | None
    body_bytes: Count

    def work_after(self, before: OpenWork) -> OpenWork:
        """Return it as more urgent; a job that nobody knew of must be looked for again."""
        if self.provider_job is not None and self.submission in before.jobless:
            return before.with_job(self.submission, urgent=True)
        return replace(before, urgent=before.open)


class CallbackUnmatched(EventData):
    """A job has ended, and what we have of its callback is not what was to be expected.

    `status`: what the provider says that we answered; None: it says that it reached nobody, or
    nothing.
    """

    type = "callback.unmatched"
    public = False
    payload = ""

    submission: SubmissionNumber
    kind: UnmatchedKind
    status: HttpStatus | None
