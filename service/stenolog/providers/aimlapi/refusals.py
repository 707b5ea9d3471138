"""Tell what an answer of AIMLAPI's other than 2xx means: refused, not now, or no such job."""

from __future__ import annotations

from stenolog.egress.client import Answer
from stenolog.errors import ProviderOutcomeUnknown, ProviderRefused, ProviderUnavailable
from stenolog.providers.port import UnknownJob
from stenolog.providers.told_wait import told_wait_ms
from stenolog.wire.aimlapi.errors import error_told, is_of_account, is_of_path

FINAL_STATUSES = frozenset({400, 413, 415, 422})  # these say that the request itself is wrong
ACCOUNT_STATUSES = frozenset({401, 402})
# RFC 9110 and 8470: the request was not taken up, whoever says so; and the rate limit.
AGAIN_STATUSES = frozenset({408, 425, 429})
UNKNOWN_JOB_STATUSES = frozenset({404, 410})


def is_taken(status: int) -> bool:
    """Tell whether the request did what it should: schemas say 200, the service says 201."""
    return 200 <= status < 300


def check_answer(name: str, answer: Answer) -> None:
    """Check that the answer is 2xx; `name` is the service's, in messages.

    Raises:
        ProviderUnavailable: 408, 425, 429, 5xx, or a redirect.
        ProviderRefused: Any other 4xx; `final` when the request is wrong, not our account.
    """
    if is_taken(answer.status):
        return
    what = f"{name}: answered {answer.status}"
    if answer.status in AGAIN_STATUSES or not 400 <= answer.status < 500:
        raise ProviderUnavailable(
            what, status=answer.status, retry_in_ms=told_wait_ms(answer.headers)
        )
    told = error_told(answer.status, answer.body)
    sentence = told.sentence if told else ""
    of_request = answer.status in FINAL_STATUSES
    of_account = answer.status in ACCOUNT_STATUSES or is_of_account(sentence, of_request=of_request)
    raise ProviderRefused(
        what,
        status=answer.status,
        sentence=sentence,
        final=of_request and not of_account,
        raw=answer.body,
        concerns="account" if of_account else "request",
    )


def check_created(name: str, answer: Answer) -> None:
    """Check the answer to a create: 2xx, or a refusal of which AIMLAPI itself says that it is.

    Raises:
        ProviderOutcomeUnknown: There may be a job. What is not in AIMLAPI's error shape comes from
            in between, which may have passed the request on (`page`); and 500, 502 and 504 are
            answered in the middle of things.
        ProviderUnavailable, ProviderRefused: As from `check_answer`; there is no job.
    """
    if is_taken(answer.status):
        return
    what = f"{name}: create was answered {answer.status}"
    if error_told(answer.status, answer.body) is None:
        error = ProviderOutcomeUnknown(f"{what}, not in the provider's words")
        error.page = answer.status, len(answer.body)
        raise error
    if not (400 <= answer.status < 500 or answer.status == 503):
        raise ProviderOutcomeUnknown(what)
    check_answer(name, answer)


def unknown_job(answer: Answer) -> UnknownJob | None:
    """Return that the service itself says that there is no such job; None: it does not.

    A 404 in other words comes from a proxy, and one about the path from a wrong base URL.
    """
    if answer.status not in UNKNOWN_JOB_STATUSES:
        return None
    told = error_told(answer.status, answer.body)
    return None if told is None or is_of_path(told.sentence) else UnknownJob()
