"""Every error has an answer, and no answer says more than a client may know."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

from stenolog import errors
from stenolog.commands.api_keys import LastManagingKey
from stenolog.commands.erasing import UnderHold
from stenolog.edge.access.redacted_links import BadLink
from stenolog.edge.http.bodies import BodyTooSlow
from stenolog.edge.http.problem_table import PROBLEMS
from stenolog.edge.http.problem_types import ADVICE, PROBLEM_TYPES
from stenolog.edge.http.problems import (
    INTERNAL,
    PROBLEM_JSON,
    UNKNOWN_PATH,
    as_problem,
    as_wire_error,
    failure_of,
    method_not_allowed,
)
from stenolog.edge.transcriptions.awaiting import NotEnded, NotTranscribed
from stenolog.edge.transcriptions.idempotency import IdempotencyKeyReused
from stenolog.endpoints.registry import TooManyEndpoints
from stenolog.errors import InvalidRequest, RateLimited, StenologError
from stenolog.feed.consumers.books import HeldByWorkers, LeaseEnded, TooManyConsumers
from stenolog.feed.epochs import ElsewhereInTheLog
from stenolog.free_space import NoRoom
from stenolog.projections.past.moments import NotYetCome
from stenolog.projections.search.index import SearchNotReady, SearchTooLong

CLASSES = [
    one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, StenologError)
]
CLASSES.append(BodyTooSlow)  # the edge's own: nobody else meets it
CLASSES += [SearchNotReady, SearchTooLong]
CLASSES += [NotEnded, NotTranscribed, NoRoom, BadLink, IdempotencyKeyReused, LastManagingKey]
CLASSES += [ElsewhereInTheLog, NotYetCome, LeaseEnded, HeldByWorkers, TooManyConsumers, UnderHold]
CLASSES.append(TooManyEndpoints)
PACKAGE = Path(inspect.getfile(errors)).parent
ID = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize("error", CLASSES, ids=lambda one: one.__name__)
def test_every_class_of_errors_is_in_the_table(error: type[StenologError]) -> None:
    assert error in PROBLEMS


def test_the_table_has_nothing_else() -> None:
    assert set(PROBLEMS) == set(CLASSES)


def test_codes_are_told_apart() -> None:
    codes = [one.code for one in CLASSES]
    assert sorted(set(codes)) == sorted(codes)


def test_a_class_that_is_not_in_the_table_answers_as_its_parent() -> None:
    class SomethingNew(errors.StoreUnavailable):
        code = "something-new"

    failure = failure_of(SomethingNew("secret path"))
    assert (failure.status, failure.code) == (503, "something-new")


@pytest.mark.parametrize(
    "error", [errors.StoreError, errors.EvidenceError, errors.StoreUnavailable]
)
def test_an_internal_reason_is_never_answered(error: type[StenologError]) -> None:
    arguments = ("log.db: secret", 7) if error is errors.EvidenceError else ("log.db: secret",)
    failure = failure_of(error(*arguments))
    for form in (as_problem, as_wire_error):
        assert b"secret" not in bytes(form(failure, ID).body)


def test_a_problem_is_as_rfc_9457_says_with_one_entry_a_field() -> None:
    error = InvalidRequest("limit must be a number", [("limit", "must be a number")])
    answer = as_problem(failure_of(error), ID)
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert json.loads(bytes(answer.body)) == {
        "type": "/docs/errors#invalid-request",
        "title": "The request is not valid",
        "status": 400,
        "detail": "limit must be a number",
        "errors": [{"field": "limit", "message": "must be a number"}],
        "instance": f"urn:uuid:{ID}",
        "correlation_id": ID,
    }


def test_who_may_come_back_is_told_when() -> None:
    assert failure_of(RateLimited("slow", 1_001)).headers == {"Retry-After": "2"}
    assert failure_of(errors.OutcomeUnknown("lost")).headers["Retry-After"]
    assert failure_of(errors.ProviderUnavailable("busy", retry_in_ms=9_000)).headers == {
        "Retry-After": "9"
    }


WIRE = [
    (failure_of(errors.NotFound("x")), 400, "Transcript lookup error, transcript id not found"),
    (
        failure_of(errors.Unauthenticated("x")),
        401,
        "Authentication error, API token missing/invalid",
    ),
    (failure_of(errors.Forbidden("Cannot access uploaded file")), 403, None),
    (failure_of(errors.RateLimited("x", 1)), 429, "Too Many Requests"),
    (failure_of(errors.StoreUnavailable("x")), 503, "Service unavailable"),
    (INTERNAL, 500, "Internal Server Error"),
    (UNKNOWN_PATH, 404, "Not found"),
    (method_not_allowed("GET"), 405, "The method is not allowed here"),
]


@pytest.mark.parametrize(("failure", "status", "sentence"), WIRE)
def test_the_wire_form_has_the_services_status_and_sentence(
    failure: Any, status: int, sentence: str | None
) -> None:
    answer = as_wire_error(failure, ID)
    assert answer.status_code == status
    body = json.loads(bytes(answer.body))
    assert list(body) == ["error"]
    assert body["error"] == (sentence or "Cannot access uploaded file")


def codes_in_the_source() -> set[str]:
    """Every code that some part of the package answers with."""
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    refusals = (PACKAGE / "bootstrap" / "http" / "refusal.py").read_text()
    given = set(re.findall(r'code="([a-z-]+)",?\s*\n?\s*title=', source))
    return given | set(re.findall(r'_refusal\(\s*\d+,\s*"([a-z-]+)"', refusals))


def test_every_type_is_documented_with_what_to_do() -> None:
    rows = {one.code: one for one in PROBLEM_TYPES}
    assert {one.code for one in CLASSES} | {INTERNAL.code, UNKNOWN_PATH.code} <= set(rows)
    assert codes_in_the_source() <= set(rows)
    assert len(codes_in_the_source()) >= 10
    assert set(ADVICE) == set(rows)
    documented = (PACKAGE.parents[1] / "docs" / "ERRORS.md").read_text()
    for one in PROBLEM_TYPES:
        assert f"| `{one.code}` | {one.status} | {one.title} | {one.advice} |\n" in documented
