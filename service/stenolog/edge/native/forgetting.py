"""Erase many at once, and place legal holds, under /api/v1/erasures and /api/v1/holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.resource import Admission, Guarded
from stenolog.edge.http.surface import route
from stenolog.edge.http.unknown_names import refuse_unknown
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.forgetting_ports import ForgettingPorts, LegalHolds, OrderErasures
from stenolog.edge.native.paging import (
    LIMIT_DEFAULT,
    PAGE,
    after_of,
    limit_of,
    page_answer,
    page_query,
    refuse_if,
)
from stenolog.edge.native.retention import Retention
from stenolog.edge.transcriptions.of_subject import SUBJECT_CHARS_MAX
from stenolog.edge.transcriptions.reading import ID
from stenolog.errors import InvalidRequest, NotFound
from stenolog.log.recorder import Cause
from stenolog.wire.strict_json import parse_object

BODY_BYTES_MAX = 16 * 1024
REASON_CHARS_MAX = 2_000
NO_ERASURE, NO_HOLD = "There is no such erasure", "There is no such hold"
Require = Callable[[str, str], Awaitable[None]]
"""Raises `NotFound` when the transcription is not this tenant's."""


class Erasures:
    """Takes orders, and answers with certificates."""

    def __init__(self, erasures: OrderErasures, require: Require, cursors: Cursors) -> None:
        self._erasures = erasures
        self._require = require
        self._cursors = cursors

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """202 with the certificate as it stands; it means that the erasure is durable."""
        given = await _body(request, ("transcript_id", "subject"))
        transcription_id, subject = _whom(given)
        cause = _cause(request, caller)
        if transcription_id is not None:
            await self._require(caller.tenant, transcription_id)
            erasure_id = await self._erasures.of_transcription(cause, transcription_id)
        else:
            erasure_id = await self._erasures.of_subject(cause, subject)
        said = await self._said(caller, erasure_id, after=0, limit=LIMIT_DEFAULT)
        location = f"{request.url.path}/{erasure_id}"
        return _answer(said, status_code=202, headers={"Location": location})

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the certificate, and a page of its transcriptions."""
        query = page_query(request.query_params, self._cursors)
        erasure_id = _id(request, "erasure", NO_ERASURE)
        return _answer(
            await self._said(caller, erasure_id, after=query.after or 0, limit=query.limit)
        )

    async def list(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page of summaries, newest first."""
        return await _page(request, caller, self._erasures.page, self._cursors)

    async def _said(
        self, caller: ApiKey, erasure_id: str, *, after: int, limit: int
    ) -> Mapping[str, object]:
        """Return the signed certificate, and beside it where its next page is."""
        said = await self._erasures.certificate(caller.tenant, erasure_id, after=after, limit=limit)
        end = after + limit
        more = isinstance(said["transcripts"], int) and end < said["transcripts"]
        return {**said, "next": self._cursors.of_number(end) if more else None}


class Holds:
    """Places, shows and releases holds."""

    def __init__(self, holds: LegalHolds, require: Require, cursors: Cursors) -> None:
        self._holds = holds
        self._require = require
        self._cursors = cursors

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """201 with the hold: from now on what it is on is not erased."""
        given = await _body(request, ("transcript_id", "subject", "reason"))
        transcription_id, subject = _whom(given)
        reason = _text(given, "reason", REASON_CHARS_MAX)
        if reason is None:
            raise InvalidRequest("reason must be given", [("reason", "must be given")])
        cause = _cause(request, caller)
        if transcription_id is not None:
            await self._require(caller.tenant, transcription_id)
            hold_id = await self._holds.place_on_transcription(cause, transcription_id, reason)
        else:
            hold_id = await self._holds.place_on_subject(cause, subject, reason)
        return _answer(
            await self._holds.shown(caller.tenant, hold_id),
            status_code=201,
            headers={"Location": f"{request.url.path}/{hold_id}"},
        )

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the hold."""
        return _answer(await self._holds.shown(caller.tenant, _id(request, "hold", NO_HOLD)))

    async def delete(self, request: Request, caller: ApiKey) -> Response:
        """Release the hold, and answer with it; one that was released before stays so."""
        hold_id = _id(request, "hold", NO_HOLD)
        await self._holds.release(_cause(request, caller), hold_id)
        return _answer(await self._holds.shown(caller.tenant, hold_id))

    async def list(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page of holds, newest first, released ones too."""
        return await _page(request, caller, self._holds.page, self._cursors)


def forgetting_routes(
    ports: ForgettingPorts, require: Require, cursors: Cursors, admission: Admission, prefix: str
) -> Sequence[Route]:
    """Return the paths."""
    erasures = Erasures(ports.erasures, require, cursors)
    holds = Holds(ports.holds, require, cursors)
    retention = Retention(ports.classes, ports.retention, cursors)
    at = partial(route, admission, admission.problem)
    erasing = partial(Guarded, query=(), scope="compliance:erase")
    holding = partial(Guarded, query=(), scope="compliance:hold")
    reporting = partial(Guarded, scope="compliance:read")
    return [
        at(
            f"{prefix}/erasures",
            GET=erasing(handler=erasures.list, query=PAGE),
            POST=erasing(handler=erasures.post),
        ),
        at(
            f"{prefix}/erasures/{{erasure}}",
            GET=erasing(handler=revalidated(erasures.get), query=PAGE),
        ),
        at(
            f"{prefix}/holds",
            GET=holding(handler=holds.list, query=PAGE),
            POST=holding(handler=holds.post),
        ),
        at(
            f"{prefix}/holds/{{hold}}",
            GET=holding(handler=revalidated(holds.get)),
            DELETE=holding(handler=holds.delete),
        ),
        at(
            f"{prefix}/retention",
            GET=reporting(handler=revalidated(retention.classes), query=()),
        ),
        at(
            f"{prefix}/retention/due",
            GET=reporting(handler=retention.due, query=("until", *PAGE)),
        ),
    ]


async def _page(
    request: Request,
    caller: ApiKey,
    page: Callable[..., Awaitable[Sequence[Mapping[str, object]]]],
    cursors: Cursors,
) -> Response:
    wrong: list[tuple[str, str]] = []
    limit = limit_of(request.query_params, wrong)
    before = after_of(request.query_params, cursors.identifier, wrong) or ""
    refuse_if(wrong)
    found = await page(caller.tenant, before=before, limit=limit + 1)
    shown = found[:limit]
    following = cursors.of_id(str(shown[-1]["id"])) if len(found) > limit else None
    return page_answer([orjson.dumps(one) for one in shown], following)


async def _body(request: Request, fields: Sequence[str]) -> dict[str, object]:
    async with whole_body(request, bytes_max=BODY_BYTES_MAX) as body:
        given = parse_object(body, bytes_max=BODY_BYTES_MAX)
    refuse_unknown(given, fields, "member")
    return given


def _whom(given: Mapping[str, object]) -> tuple[str | None, str]:
    """Return the transcription's id, or None and the subject.

    Raises:
        InvalidRequest: Not exactly one of the two is given.
    """
    transcription_id = _text(given, "transcript_id", SUBJECT_CHARS_MAX)
    subject = _text(given, "subject", SUBJECT_CHARS_MAX)
    if (transcription_id is None) == (subject is None):
        problem = "must be given, or subject; not both"
        raise InvalidRequest(f"transcript_id {problem}", [("transcript_id", problem)])
    return transcription_id, subject or ""


def _text(given: Mapping[str, object], field: str, characters_max: int) -> str | None:
    value = given.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= characters_max:
        problem = f"must be a string of 1 to {characters_max:,} characters"
        raise InvalidRequest(f"{field} {problem}", [(field, problem)])
    return value


def _id(request: Request, name: str, unknown: str) -> str:
    identifier = str(request.path_params[name])
    if not ID.fullmatch(identifier):
        raise NotFound(unknown)
    return identifier


def _cause(request: Request, caller: ApiKey) -> Cause:
    return Cause(
        tenant=caller.tenant, actor=caller.id, correlation_id=correlation_of(request.scope)
    )


def _answer(
    said: Mapping[str, object], *, status_code: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(said),
        status_code=status_code,
        headers=dict(headers or {}),
        media_type="application/json",
    )
