"""Read the provider's answers: only what the reconciler needs; the bytes are kept unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from stenolog.providers.assemblyai.times import time_ms
from stenolog.providers.json_answers import read_object
from stenolog.providers.oddities import odd_answer
from stenolog.providers.port import FetchedJob, JobPage, JobStatus, ListedJob, ServerError
from stenolog.wire.assemblyai.sentences import DELETED_URL, DELETED_URL_IN_LIST, failure_of

RUNNING: tuple[JobStatus, ...] = ("queued", "processing")
STATUS_CHARACTERS_MAX = 64
STATUSES: tuple[JobStatus, ...] = ("queued", "processing", "completed", "error")
SENTENCE_CHARACTERS_MAX = 2_000
ERROR_BYTES_MAX = 1 << 16  # of an answer that tells of an error
JOB_ID_CHARACTERS_MAX = 512


def read_created(body: bytes) -> str:
    """Return the id of the new job.

    Raises:
        ProviderUnavailable: The answer does not name one.
    """
    return _job_id(read_object(body))


def read_upload(body: bytes) -> str:
    """Return the URL of the uploaded bytes.

    Raises:
        ProviderUnavailable: The answer does not name one.
    """
    url = read_object(body).get("upload_url")
    if not isinstance(url, str) or not url.startswith("http"):
        raise odd_answer("no-upload-url", "the answer to an upload has no upload_url")
    return url


def read_job(body: bytes, asked: str) -> FetchedJob:
    """Read the answer about the job `asked`.

    Raises:
        ProviderUnavailable: It describes none, or another one: its words are not this customer's.
    """
    job = read_object(body)
    _check_id(job, asked)
    seconds, words, error = job.get("audio_duration"), job.get("words"), job.get("error")
    webhook_url, metadata = job.get("webhook_url"), job.get("metadata")
    status = _status(job.get("status"))
    return FetchedJob(
        id=asked,
        status=status or "processing",  # DECISIONS 65: a word that we do not know: it runs
        odd_status=None if status else str(job.get("status"))[:STATUS_CHARACTERS_MAX],
        emptied=is_emptied(job),
        raw=body,
        webhook_url=webhook_url if isinstance(webhook_url, str) else None,
        error=error[:SENTENCE_CHARACTERS_MAX] if isinstance(error, str) else None,
        audio_ms=_ms(seconds),
        words=len(words) if isinstance(words, list) else 0,
        server_error=server_error(error) if isinstance(error, str) else None,
        webhook_status=_http_status(job.get("webhook_status_code")),
        warned=isinstance(metadata, dict) and bool(metadata.get("warnings")),
    )


def server_error(sentence: str) -> ServerError | None:
    """Return the kind of server error that a job's sentence tells of; None for other errors."""
    found = failure_of(sentence[:SENTENCE_CHARACTERS_MAX])
    if found is None or not found.retryable:
        return None
    return "download-server-error" if found.kind == "download-server-error" else "server-error"


def read_deleted(body: bytes, asked: str) -> None:
    """Check that the answer to a DELETE is what is left of the job `asked`.

    Raises:
        ProviderUnavailable: It is something else: nobody knows that the job is gone.
    """
    job = read_object(body)
    _check_id(job, asked)
    if not is_emptied(job) or job.get("words") or job.get("utterances"):
        raise odd_answer("not-emptied", "the job is not shown as deleted")


def is_emptied(job: Mapping[str, Any]) -> bool:
    """Tell whether this is what is left of a job that somebody has deleted."""
    return job.get("audio_url") in {DELETED_URL, DELETED_URL_IN_LIST}


def read_page(body: bytes, told_at_ms: int | None) -> JobPage:
    """Read a page of the list; `told_at_ms` is the provider's time when it answered.

    Raises:
        ProviderUnavailable: It is not one.
    """
    page = read_object(body)
    items, details = page.get("transcripts"), page.get("page_details")
    if not isinstance(items, list) or not isinstance(details, dict):
        raise odd_answer("no-page", "the answer to a list is no page")
    jobs = [_listed(item) for item in items]
    more = bool(jobs) and details.get("prev_url") is not None
    return JobPage(jobs=jobs, older=jobs[-1].id if more else None, told_at_ms=told_at_ms)


def odd_items(page: JobPage, status: JobStatus | None) -> Iterator[tuple[str, str]]:
    """Yield what is odd about a list that was asked for with this `status`, each kind once."""
    if any(job.created_at_ms is None for job in page.jobs):
        yield "created", ""
    asked_for = {"queued": True, "processing": True, "completed": False, "error": False}
    if status and any(job.running is (not asked_for[status]) for job in page.jobs):
        yield "list-ignores-status", ""


def read_redacted_audio(body: bytes) -> str | None:
    """Return the link to the redacted audio; None when the answer says that it is not ready.

    Raises:
        ProviderUnavailable: The answer is not JSON.
    """
    url = read_object(body).get("redacted_audio_url")
    return url if isinstance(url, str) and url.startswith("http") else None


def error_told(body: bytes) -> str | None:
    """Return the `error` of an answer in the service's error shape; None for any other answer.

    The shape is an object with `error`, and with `status` absent or "error". Frameworks and proxies
    that have an `error` as well have a number there.
    """
    if len(body) > ERROR_BYTES_MAX:
        return None
    try:
        told = json.loads(body)
        sentence, status = told.get("error"), told.get("status", "error")
    except (ValueError, AttributeError, RecursionError):
        return None
    if status != "error":
        return None
    return sentence[:SENTENCE_CHARACTERS_MAX] if isinstance(sentence, str) else None


def error_sentence(body: bytes) -> str:
    """Return the `error` of an answer, else its plain text; empty for HTML and other JSON."""
    sentence = error_told(body)
    if sentence is None and not body.lstrip().startswith((b"<", b"{", b"[")):
        sentence = body[: 4 * SENTENCE_CHARACTERS_MAX].decode(errors="replace")
    return (sentence or "")[:SENTENCE_CHARACTERS_MAX]


def _listed(item: object) -> ListedJob:
    if not isinstance(item, dict):
        raise odd_answer("no-page", "the answer to a list is no page")
    audio_url, created = item.get("audio_url"), item.get("created")
    status = _status(item.get("status"))
    return ListedJob(
        id=_job_id(item),
        audio_url=audio_url if isinstance(audio_url, str) else "",
        created_at_ms=time_ms(created),
        running=None if item.get("status") is None else status in RUNNING,
    )


def _job_id(job: dict[str, Any]) -> str:
    job_id = job.get("id")
    if (
        not isinstance(job_id, str)
        or not 0 < len(job_id) <= JOB_ID_CHARACTERS_MAX
        or not job_id.isprintable()
        or job_id in {".", ".."}  # as a part of a path these mean something else
    ):
        raise odd_answer("no-id", "the answer names no job")
    return job_id


def _check_id(job: dict[str, Any], asked: str) -> None:
    if _job_id(job) != asked:
        raise odd_answer("other-job", "the answer is about another job")


def _status(word: object) -> JobStatus | None:
    """Return the status that this word is; None for another word."""
    return next((known for known in STATUSES if known == word), None)


def _http_status(code: object) -> int | None:
    """Return the status that a receiver answered with; None for anything that is none."""
    known = isinstance(code, int) and not isinstance(code, bool) and 100 <= code <= 999
    return code if known and isinstance(code, int) else None


def _ms(seconds: object) -> int | None:
    if isinstance(seconds, int | float) and 0 <= seconds < 1e9:
        return round(seconds * 1000)
    return None
