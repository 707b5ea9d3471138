"""Turn errors into HTTP answers, by one table, in the form of the surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import orjson
from starlette.responses import Response

from stenolog.edge.access.rate_limit import TooManyStrangers
from stenolog.edge.http.problem_table import PROBLEMS
from stenolog.edge.transcriptions.awaiting import NotEnded, NotTranscribed
from stenolog.errors import (
    InvalidRequest,
    KeyLost,
    PayloadDamaged,
    ProviderUnavailable,
    RateLimited,
    RecordDamaged,
    StenologError,
)
from stenolog.free_space import NoRoom
from stenolog.projections.search.index import SearchNotReady, SearchTooLong
from stenolog.wire.assemblyai import sentences

TRANSCRIPTION_ID = "Stenolog-Transcription-Id"  # of who waits for a result, and has no other
PROBLEM_JSON = "application/problem+json"
WIRE_400 = (
    "not-found",
    "idempotency-key-reused",
    "under-hold",
)  # no other status of a 4xx at AssemblyAI
RETRY_AFTER_SECONDS = 2  # a store that cannot commit is asked again soon
RETRY_AFTER_OPERATOR_SECONDS = 60  # somebody has to look at the files, or put one back
ERRORS_PATH = "/docs/errors"  # our own page, which says what to do about each
PROBLEM_TYPE = f"{ERRORS_PATH}#"
DAMAGED = "This is damaged on the disk: the operator must look at it with `stenolog log verify`"

# Their own words are for whoever asked, though the status says that it is our fault.
TOLD = (NoRoom, KeyLost, NotEnded, SearchNotReady, SearchTooLong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An answer that says no, before a surface has given it a form.

    Attributes:
        detail: Written for the client; None where there is nothing that it may know.
        fields: Pairs of a field's name and what is wrong with it.
        beside: Further members of a problem.
    """

    status: int
    code: str
    title: str
    detail: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, object] = field(default_factory=dict)


class FailureForm(Protocol):
    """Renders a failure as one surface does."""

    def __call__(self, failure: Failure, correlation_id: str, path: str, /) -> Response:
        """Answer with the whole answer; `path` is what was asked for."""
        ...


INTERNAL = Failure(status=500, code="internal", title="Internal error")
# DECISIONS 30: `detail` and `error`, because the SDKs show one or the other.
UNKNOWN_PATH = Failure(
    status=404,
    code="unknown-path",
    title="Not found",
    detail="Audio files are served under /v2, /v1/stt and /v1/audio, our own API under /api/v1; "
    "AssemblyAI's other products (synchronous, streaming, dictation, speech, LLM) are not offered. "
    "GET /docs lists every path.",
)
UNKNOWN_NATIVE_PATH = replace(
    UNKNOWN_PATH,
    detail="Stenolog's own API has no such path under /api. GET /docs lists every path.",
)
METHOD_NOT_ALLOWED = Failure(
    status=405, code="method-not-allowed", title="The method is not allowed here"
)


def method_not_allowed(allowed: str) -> Failure:
    """Return the failure for a method that the path does not have; `allowed` is its `Allow`."""
    return replace(METHOD_NOT_ALLOWED, headers={"Allow": allowed})


def failure_of(error: StenologError) -> Failure:
    """Return what the table says of an error, or else of its nearest parent class."""
    known = next(one for one in type(error).__mro__ if one in PROBLEMS)
    status, title = PROBLEMS[known]
    if status == 500:
        return Failure(status=500, code=error.code, title=title)
    return Failure(
        status=status,
        code=error.code,
        title=title,
        detail=_detail(error, status),
        fields=error.fields if isinstance(error, InvalidRequest) else (),
        headers=_headers(error, status),
        beside=error.beside or {},
    )


def _detail(error: StenologError, status: int) -> str | None:
    if isinstance(error, RecordDamaged | PayloadDamaged):
        return DAMAGED  # its own words are for the operator
    return str(error) if status < 500 or isinstance(error, TOLD) else None


def _headers(error: StenologError, status: int) -> Mapping[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}  # RFC 9110, 11.6.1: a 401 names a scheme
    if status == 408:
        return {"Connection": "close"}  # RFC 9110, 15.5.9
    if isinstance(error, TooManyStrangers):
        return {**_retry_after(error), "Connection": "close"}  # a new one each time
    if isinstance(error, RateLimited | ProviderUnavailable):
        return _retry_after(error)
    if isinstance(error, NotEnded | NotTranscribed):  # asked again, it would be paid twice
        return {TRANSCRIPTION_ID: error.transcription_id, "X-Should-Retry": "false"}
    if isinstance(error, KeyLost | RecordDamaged | PayloadDamaged):
        return {"Retry-After": str(RETRY_AFTER_OPERATOR_SECONDS)}
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if status in (503, 507) else {}


def _retry_after(error: RateLimited | ProviderUnavailable) -> Mapping[str, str]:
    retry_in_ms = error.retry_in_ms or RETRY_AFTER_SECONDS * 1000
    return {"Retry-After": str(max(1, -(-retry_in_ms // 1000)))}


def as_problem(
    failure: Failure, correlation_id: str, path: str = "", *, base: str = ""
) -> Response:
    """RFC 9457: for the native API and for everything that is no other's.

    `base` is the path under which a proxy serves us: `type` leads to our page there.
    """
    return _problem(failure, _members(failure, correlation_id, base))


def as_foreign_error(
    failure: Failure, correlation_id: str, path: str = "", *, base: str = ""
) -> Response:
    """Answer with a problem that also has `error`: for paths of AssemblyAI's other products.

    Of a refusal their SDKs show `detail` (synchronous, dictation) or `error` (LLM, tokens).
    """
    members = _members(failure, correlation_id, base)
    return _problem(failure, {**members, "error": failure.detail or failure.title})


def _members(failure: Failure, correlation_id: str, base: str) -> dict[str, object]:
    members: dict[str, object] = {
        "type": f"{base}{PROBLEM_TYPE}{failure.code}",
        "title": failure.title,
        "status": failure.status,
    }
    if failure.detail:
        members["detail"] = failure.detail
    if failure.fields:
        members["errors"] = [
            {"field": name, "message": message} for name, message in failure.fields
        ]
    members.update(failure.beside)
    members["instance"] = f"urn:uuid:{correlation_id}"
    members["correlation_id"] = correlation_id
    return members


def _problem(failure: Failure, members: Mapping[str, object]) -> Response:
    return Response(
        orjson.dumps(members),
        status_code=failure.status,
        headers=dict(failure.headers),
        media_type=PROBLEM_JSON,
    )


def as_wire_error(failure: Failure, correlation_id: str, path: str = "") -> Response:
    """`{"error": sentence}`, with AssemblyAI's own status and sentence where it has one."""
    status = 400 if failure.code in WIRE_400 else failure.status
    return Response(
        orjson.dumps({"error": _sentence(failure)}),
        status_code=status,
        headers=dict(failure.headers),
        media_type="application/json",
    )


def _sentence(failure: Failure) -> str:
    match failure.status:
        case 401:
            return sentences.UNAUTHENTICATED
        case 404 if failure.code == "not-found":
            return sentences.TRANSCRIPT_NOT_FOUND
        case 404:
            return sentences.NOT_FOUND
        case 429:
            return sentences.TOO_MANY_REQUESTS
        case 503 if not failure.detail:
            return sentences.SERVICE_UNAVAILABLE
        case status if status >= 500 and not failure.detail:
            return sentences.INTERNAL_ERROR
        case _:
            return failure.detail or failure.title
