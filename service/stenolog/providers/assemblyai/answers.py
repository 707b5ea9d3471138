"""Read the provider's answers: only what the reconciler needs; the bytes are kept unchanged."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from stenolog.clock import microseconds
from stenolog.errors import ProviderUnavailable
from stenolog.providers.port import FetchedJob, JobPage, JobStatus, ListedJob, ServerError
from stenolog.wire.assemblyai.sentences import failure_of

STATUSES: tuple[JobStatus, ...] = ("queued", "processing", "completed", "error")
SENTENCE_CHARACTERS_MAX = 2_000
ERROR_BYTES_MAX = 1 << 16  # of an answer that tells of an error
JOB_ID_CHARACTERS_MAX = 512
# DECISIONS 66: proxies compress although nobody asked.
GZIP = frozenset({"gzip", "x-gzip"})
GZIP_WINDOW = 31  # zlib's number for a body with gzip's head and checksum


def plain_body(headers: Mapping[str, str], body: bytes, bytes_max: int) -> bytes:
    """Return the body, decompressed where it came in gzip.

    A body that cannot be decompressed, or would exceed `bytes_max`, is returned as it came; the
    caller then fails to parse it.
    """
    if headers.get("content-encoding", "").strip().lower() not in GZIP:
        return body
    unpacking = zlib.decompressobj(GZIP_WINDOW)
    try:
        plain = unpacking.decompress(body, bytes_max)
    except zlib.error:
        return body
    return plain if unpacking.eof else body


def read_created(body: bytes) -> str:
    """Return the id of the new job.

    Raises:
        ProviderUnavailable: The answer does not name one.
    """
    return _job_id(_object(body))


def read_upload(body: bytes) -> str:
    """Return the URL of the uploaded bytes.

    Raises:
        ProviderUnavailable: The answer does not name one.
    """
    url = _object(body).get("upload_url")
    if not isinstance(url, str) or not url.startswith("http"):
        raise ProviderUnavailable("the answer to an upload has no upload_url")
    return url


def read_job(body: bytes, asked: str) -> FetchedJob:
    """Read the answer about the job `asked`.

    Raises:
        ProviderUnavailable: It describes none, or another one: its words are not this customer's.
    """
    job = _object(body)
    _check_id(job, asked)
    seconds, words, error = job.get("audio_duration"), job.get("words"), job.get("error")
    webhook_url, metadata = job.get("webhook_url"), job.get("metadata")
    return FetchedJob(
        id=asked,
        status=_status(job),
        raw=body,
        webhook_url=webhook_url if isinstance(webhook_url, str) else None,
        error=error[:SENTENCE_CHARACTERS_MAX] if isinstance(error, str) else None,
        audio_ms=_ms(seconds),
        words=len(words) if isinstance(words, list) else 0,
        server_error=server_error(error) if isinstance(error, str) else None,
        warned=isinstance(metadata, dict) and bool(metadata.get("warnings")),
    )


def job_without_raw(body: bytes, asked: str) -> FetchedJob:
    """Read the answer as `read_job` does, for another process: `raw` is empty, not sent back."""
    return replace(read_job(body, asked), raw=b"")


def server_error(sentence: str) -> ServerError | None:
    """Return the kind of server error that a job's sentence tells of; None for other errors."""
    found = failure_of(sentence[:SENTENCE_CHARACTERS_MAX])
    if found is None or not found.retryable:
        return None
    return "download-server-error" if found.kind == "download-server-error" else "server-error"


def read_deleted(body: bytes, asked: str) -> None:
    """Check that the answer to a DELETE describes the job `asked`.

    Raises:
        ProviderUnavailable: It is something else: nobody knows that the job is gone.
    """
    _check_id(_object(body), asked)


def read_page(body: bytes, told_at_ms: int | None) -> JobPage:
    """Read a page of the list; `told_at_ms` is the provider's time when it answered.

    Raises:
        ProviderUnavailable: It is not one.
    """
    page = _object(body)
    items, details = page.get("transcripts"), page.get("page_details")
    if not isinstance(items, list) or not isinstance(details, dict):
        raise ProviderUnavailable("the answer to a list is no page")
    jobs = [_listed(item) for item in items]
    more = bool(jobs) and details.get("prev_url") is not None
    return JobPage(jobs=jobs, older=jobs[-1].id if more else None, told_at_ms=told_at_ms)


def read_redacted_audio(body: bytes) -> str | None:
    """Return the link to the redacted audio; None when the answer says that it is not ready.

    Raises:
        ProviderUnavailable: The answer is not JSON.
    """
    url = _object(body).get("redacted_audio_url")
    return url if isinstance(url, str) and url.startswith("http") else None


def error_told(body: bytes) -> str | None:
    """Return the `error` of an answer in JSON; None for any other answer, or one too large."""
    if len(body) > ERROR_BYTES_MAX:
        return None
    try:
        sentence = json.loads(body).get("error")
    except (ValueError, AttributeError, RecursionError):
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
        raise ProviderUnavailable("the answer to a list is no page")
    audio_url, created = item.get("audio_url"), item.get("created")
    return ListedJob(
        id=_job_id(item),
        audio_url=audio_url if isinstance(audio_url, str) else "",
        created_at_ms=_time_ms(created),
    )


def _object(body: bytes) -> dict[str, Any]:
    # orjson is three times faster and loses only integers over 64 bits, which nothing here needs;
    # what it refuses, such as NaN, the standard library may read.
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            value = json.loads(body.decode())
        except (ValueError, RecursionError) as exc:
            raise ProviderUnavailable("the answer is not JSON") from exc
    if not isinstance(value, dict):
        raise ProviderUnavailable("the answer is not a JSON object")
    return value


def _job_id(job: dict[str, Any]) -> str:
    job_id = job.get("id")
    if (
        not isinstance(job_id, str)
        or not 0 < len(job_id) <= JOB_ID_CHARACTERS_MAX
        or not job_id.isprintable()
        or job_id in {".", ".."}  # as a part of a path these mean something else
    ):
        raise ProviderUnavailable("the answer names no job")
    return job_id


def _check_id(job: dict[str, Any], asked: str) -> None:
    if _job_id(job) != asked:
        raise ProviderUnavailable("the answer is about another job")


def _status(job: dict[str, Any]) -> JobStatus:
    """Return the job's status; a word that we do not know counts as `processing`."""
    status = job.get("status")
    # DECISIONS 65: a word that we do not know means that the job runs.
    return next((known for known in STATUSES if known == status), "processing")


def _ms(seconds: object) -> int | None:
    if isinstance(seconds, int | float) and 0 <= seconds < 1e9:
        return round(seconds * 1000)
    return None


def _time_ms(text: object) -> int | None:
    if not isinstance(text, str):
        return None
    try:
        # Older captures have no zone: the service's times are UTC.
        zoned = text if text.endswith("Z") or "+" in text else text + "Z"
        return microseconds(zoned) // 1000
    except ValueError:
        return None
