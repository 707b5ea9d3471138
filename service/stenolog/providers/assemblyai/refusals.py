"""Tell what an answer other than 200 means: refused, not now, or no such job."""

from __future__ import annotations

from stenolog.egress.client import Answer
from stenolog.errors import (
    Concern,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
)
from stenolog.providers.assemblyai.answers import error_sentence, error_told
from stenolog.providers.port import UnknownJob
from stenolog.providers.told_wait import told_wait_ms
from stenolog.wire.assemblyai.sentences import UPLOAD_INACCESSIBLE, is_of_account, is_of_key

# These say that the request itself is wrong.
FINAL_STATUSES = frozenset({400, 413, 422})
ACCOUNT_STATUSES = frozenset({401, 402})  # no such key; it has to be paid
# RFC 9110 and 8470: the request was not taken up, whoever says so; and the rate limit.
AGAIN_STATUSES = frozenset({408, 425, 429})
UNKNOWN_JOB_STATUSES = frozenset({400, 404})  # documented, and observed
UNKNOWN_JOB = "transcript id not found"
# The engine names its start in every answer, and begins the ids of its jobs with it.
START_HEADER = "x-engine-start"


def check_answer(name: str, answer: Answer) -> None:
    """Check that the answer is 200; `name` is the service's, in messages.

    Raises:
        ProviderUnavailable: 408, 425, 429, 5xx, or a redirect.
        ProviderRefused: Any other 4xx; `final` when the request is wrong, not our account.
    """
    if answer.status == 200:
        return
    what = f"{name}: answered {answer.status}"
    if answer.status in AGAIN_STATUSES or not 400 <= answer.status < 500:
        raise ProviderUnavailable(
            what, status=answer.status, retry_in_ms=told_wait_ms(answer.headers)
        )
    sentence = error_sentence(answer.body)
    upload_lost = answer.status == 403 and sentence.startswith(UPLOAD_INACCESSIBLE)
    of_request = answer.status in FINAL_STATUSES and not is_of_account(sentence)
    final = of_request or upload_lost
    raise ProviderRefused(
        what,
        status=answer.status,
        sentence=sentence,
        final=final,
        upload_lost=upload_lost,
        raw=answer.body,
        concerns="request" if final else _concerned(answer.status, sentence),
    )


def check_created(name: str, answer: Answer) -> None:
    """Check the answer to a create: 200, or a refusal of which the service itself says that it is.

    Raises:
        ProviderOutcomeUnknown: There may be a job. Anything but 200 that is not in the service's
            error shape comes from in between, which may have passed the request on (`page`); and
            500, 502 and 504 are answered in the middle of things.
        ProviderUnavailable, ProviderRefused: As from `check_answer`; there is no job.
    """
    what = f"{name}: create was answered {answer.status}"
    if answer.status != 200 and error_told(answer.body) is None:
        error = ProviderOutcomeUnknown(f"{what}, not in the provider's words")
        error.page = answer.status, len(answer.body)
        raise error
    if not (answer.status == 200 or 400 <= answer.status < 500 or answer.status == 503):
        raise ProviderOutcomeUnknown(what)
    check_answer(name, answer)


def unknown_job(answer: Answer, job: str, *, names_start: bool) -> UnknownJob | None:
    """Return that the service itself says that there is no such job; None: it does not.

    Its own sentence is needed. Another 404 is that of an unknown path or comes from a proxy, and
    says nothing about the job. `names_start`: where the service names its start, a job whose id
    begins with another one is of an earlier start.
    """
    # DECISIONS 64: a proxy answers 404 as well; only the provider knows its jobs.
    # A transcript of ten hours is not parsed for an error that it cannot have.
    if answer.status not in UNKNOWN_JOB_STATUSES:
        return None
    if UNKNOWN_JOB not in (error_told(answer.body) or "").lower():
        return None
    start = answer.headers.get(START_HEADER, "") if names_start else ""
    return UnknownJob(of_earlier_start=bool(start) and not job.startswith(f"{start}-"))


def _concerned(status: int, sentence: str) -> Concern:
    """Tell what a refusal says about other requests that carry the same key."""
    if status in ACCOUNT_STATUSES or is_of_account(sentence) or is_of_key(sentence):
        return "account"
    return "request"
