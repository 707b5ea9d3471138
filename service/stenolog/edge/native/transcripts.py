"""Create, read, list and delete under /api/v1/transcripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import cast

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.clock import microseconds
from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.native_fields import HEADERS, extras_of, idempotency_key
from stenolog.edge.http.unknown_names import NAMED_MAX
from stenolog.edge.loops import PlaceOf, QueuePlace, ReadableAt
from stenolog.edge.native.as_of import Past, PastQuery
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.narrowing import members_asked
from stenolog.edge.native.of_metadata import of_metadata
from stenolog.edge.native.paging import (
    PAGE,
    PageQuery,
    limit_of,
    page_answer,
    page_query,
    refuse_if,
)
from stenolog.edge.native.status import US_PER_MS, detail_of, status_of
from stenolog.edge.native.view_query import AS_OF
from stenolog.edge.ports import StreamsOfSubject
from stenolog.edge.transcriptions.incomplete import incomplete
from stenolog.edge.transcriptions.of_subject import SUBJECT_CHARS_MAX, of_subject
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.errors import InvalidRequest
from stenolog.log.events.request_payload import RequestPayload
from stenolog.log.events.transcriptions import TranscriptionCompleted, TranscriptionFailed
from stenolog.near_names import misspelt
from stenolog.projections.rows import Status, StatusRow
from stenolog.projections.views import Room, ViewReader
from stenolog.wire.assemblyai.enums import STATUSES
from stenolog.wire.assemblyai.parameters import KNOWN
from stenolog.wire.assemblyai.transcript_request import (
    TranscriptRequest,
    checked_request,
    refuse_too_many,
)
from stenolog.wire.strict_json import BODY_BYTES_MAX, parse_object

PATH = "/api/v1/transcripts"
LISTED = ("status", "subject", "metadata", AS_OF, *PAGE)  # the query parameters of the list
MEMBERS = tuple(sorted({*KNOWN, *HEADERS}))
OUTCOMES = (TranscriptionCompleted.type, TranscriptionFailed.type)


class Transcripts:
    """Takes the `/v2` body with four more fields; answers with status and times of each step."""

    def __init__(
        self,
        cases: UseCases,
        views: ViewReader,
        readable_at: ReadableAt,
        room: Room,
        cursors: Cursors,
        streams_of_subject: StreamsOfSubject,
        place_of: Mapping[str, PlaceOf],
        past: Past,
    ) -> None:
        self._past = past
        self._place_of = place_of
        self._requesting = cases.requesting
        self._reading = cases.reading
        self._erasing = cases.erasing
        self._beside = cases.beside
        self._large_turns = cases.large_turns
        self._room = room
        self._views = views
        self._readable_at = readable_at
        self._cursors = cursors
        self._of_subject = partial(of_subject, streams_of_subject)

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """201 with the status and its `Location`; it means that the request is durable."""
        async with (
            whole_body(request, bytes_max=BODY_BYTES_MAX) as body,
            self._large_turns.turn(caller.tenant, len(body)),
        ):
            return await self._posted(request, caller, body)

    async def _posted(self, request: Request, caller: ApiKey, body: bytes) -> Response:
        asked, ours = await self._beside.run(len(body), _parsed, body)
        extras = extras_of(request, ours)
        requested = await self._requesting.request(
            caller,
            asked,
            extras,
            surface="native",
            correlation_id=correlation_of(request.scope),
            body_bytes=len(body),
            key=idempotency_key(request),
        )
        recorded = RequestPayload(
            params=asked.params, subject=extras.subject, metadata=extras.metadata
        )
        row = await self._reading.as_requested(requested.id, recorded)
        return Response(
            orjson.dumps(detail_of(row, None, None)),
            status_code=201,
            headers={"Location": f"{PATH}/{requested.id}", **requested.headers},
            media_type="application/json",
        )

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with its status, and its text once there is one."""
        transcription_id = request.path_params["id"]
        await self._reading.require(caller.tenant, transcription_id)
        moment = await self._past.moment(request.query_params)
        if moment is not None:
            shown = await self._past.detail(caller.tenant, transcription_id, moment)
            shows_content(request, "transcript", transcription_id)  # whether it has text by then
            return Response(shown, media_type="application/json")
        row = await self._reading.found(transcription_id)
        if not row.open:
            await self._room(0)
        transcript = None if row.open else await self._views.transcript(row.id)
        if transcript is not None and transcript.text is not None:
            shows_content(request, "transcript", row.id)
        readable_ms = await self._readable_ms(row)
        return Response(
            orjson.dumps(detail_of(row, transcript, readable_ms, await self._place(row))),
            media_type="application/json",
        )

    async def delete(self, request: Request, caller: ApiKey) -> Response:
        """200 with what is left of it; nothing of its content can be read here any more."""
        transcription_id = request.path_params["id"]
        await self._erasing.erase(
            caller,
            transcription_id,
            surface="native",
            correlation_id=correlation_of(request.scope),
        )
        return await self.get(request, caller)

    async def list(self, request: Request, caller: ApiKey) -> Response:
        """Newest first; may lag behind the log, and says so where older ones may be missing."""
        query, status, members = _query(request, self._cursors)
        subject = request.query_params.get("subject") or None
        among = None if subject is None else await self._of_subject(caller.tenant, subject)
        moment = await self._past.moment(request.query_params)
        if moment is not None:
            narrowed = PastQuery(page=query, status=status, members=members, among=among)
            return await self._past.listed(caller.tenant, moment, narrowed, self._cursors)
        headers = await incomplete(self._views)
        rows: Sequence[StatusRow]
        if members:
            rows, last = await of_metadata(
                self._views, caller.tenant, members, query, status=status, among=among
            )
        else:
            found = await self._views.list_transcriptions(
                caller.tenant, limit=query.limit, before=query.after, status=status, among=among
            )
            rows = found.rows
            last = rows[-1].requested_position if found.older else None
        items = [orjson.dumps(status_of(row)) for row in rows]
        following = None if last is None else self._cursors.of_number(last)
        answer = page_answer(items, following)
        answer.headers.update(headers)
        return answer

    async def _place(self, row: StatusRow) -> QueuePlace | None:
        """Return where it stands at its provider; None: it is no open job, or not known."""
        ask = self._place_of.get(row.provider)
        if ask is None or not row.open or row.provider_job is None:
            return None
        return await ask(row.provider_job)

    async def _readable_ms(self, row: StatusRow) -> int | None:
        """Return the time from the callback to the views; None when unknown."""
        if row.open or row.called_back_at is None:
            return None
        events = await self._reading.events(row.id)
        position = next((one.position for one in events if one.type in OUTCOMES), None)
        readable_us = None if position is None else await self._readable_at(position)
        if readable_us is None:
            return None
        return max(0, readable_us - microseconds(row.called_back_at)) // US_PER_MS


def _parsed(body: bytes) -> tuple[TranscriptRequest, dict[str, object]]:
    """Return the request and the fields that are ours."""
    given = parse_object(body)
    ours = {name: given.pop(name) for name in HEADERS if name in given}
    refuse_too_many(given)
    _refuse_misspelt(given)
    return checked_request(given), ours


def _refuse_misspelt(given: Mapping[str, object]) -> None:
    """Refuse a name that is nearly one of ours or AssemblyAI's: a lost subject is not forgotten.

    Raises:
        InvalidRequest: There is one. Other unknown names may be new ones of AssemblyAI's.
    """
    near = ((name, misspelt(name, MEMBERS)) for name in given)
    found = ((name, f"is not known; did you mean {meant}?") for name, meant in near if meant)
    wrong = list(islice(found, NAMED_MAX))
    if wrong:
        raise InvalidRequest(f"{wrong[0][0]} {wrong[0][1]}", wrong)


def _query(request: Request, cursors: Cursors) -> tuple[PageQuery, Status | None, tuple[str, ...]]:
    status = request.query_params.get("status") or None
    wrong: list[tuple[str, str]] = []
    if status is not None and status not in STATUSES:
        wrong.append(("status", f"must be one of: {', '.join(STATUSES)}"))
    if len(request.query_params.get("subject", "")) > SUBJECT_CHARS_MAX:
        wrong.append(("subject", f"must have at most {SUBJECT_CHARS_MAX} characters"))
    members = members_asked(request.query_params, wrong)
    if wrong:
        limit_of(request.query_params, wrong)
        refuse_if(wrong)
    return page_query(request.query_params, cursors), cast("Status | None", status), members
