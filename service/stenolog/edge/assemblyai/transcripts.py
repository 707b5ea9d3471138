"""Create, read, list and delete under /v2/transcript, in AssemblyAI's shapes."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.assemblyai.body import with_webhook_status
from stenolog.edge.assemblyai.echoes import Echoes
from stenolog.edge.assemblyai.pages import Pages
from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.native_fields import extras_of, idempotency_key
from stenolog.edge.loops import Turns
from stenolog.edge.transcriptions.incomplete import incomplete
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.projections.rows import StatusRow
from stenolog.projections.views import Room, ViewReader
from stenolog.wire.assemblyai.listing import parse_listing
from stenolog.wire.assemblyai.transcript import deleted_transcript
from stenolog.wire.assemblyai.transcript_request import parse_request
from stenolog.wire.strict_json import BODY_BYTES_MAX


class Transcripts:
    """Answers as AssemblyAI would, with ids of our own."""

    def __init__(
        self,
        cases: UseCases,
        pages: Pages,
        views: ViewReader,
        turns: Turns,
        room: Room,
        *,
        default_params: Mapping[str, Mapping[str, object]],
    ) -> None:
        """`default_params`: what a provider is asked for where a customer does not say."""
        self._beside = cases.beside
        self._echoes = Echoes(cases, room, default_params)
        self._large_turns = cases.large_turns
        self._requesting = cases.requesting
        self._reading = cases.reading
        self._erasing = cases.erasing
        self._pages = pages
        self._views = views
        self._turns = turns
        self._room = room

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the whole Transcript, queued; 200 means that the request is durable."""
        async with (
            whole_body(request, bytes_max=BODY_BYTES_MAX) as body,
            self._large_turns.turn(caller.tenant, len(body)),
        ):
            return await self._posted(request, caller, body)

    async def _posted(self, request: Request, caller: ApiKey, body: bytes) -> Response:
        asked = await self._beside.run(len(body), parse_request, body)
        extras = extras_of(request, {})
        requested = await self._requesting.request(
            caller,
            asked,
            extras,
            surface="v2",
            correlation_id=correlation_of(request.scope),
            body_bytes=len(body),
            key=idempotency_key(request),
        )
        answer = await self._echoes.requested(
            requested.id, asked.params, requested.provider, body_bytes=len(body)
        )
        return Response(answer, headers=requested.headers, media_type="application/json")

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the whole Transcript; the bytes of a finished one were made before."""
        row = await self._reading.find(caller.tenant, request.path_params["id"])
        if not row.open and not row.erased:
            body = await self._views.customer_body(row.id, self._room)
            if body is not None:
                if row.status == "completed":
                    shows_content(request, "transcript", row.id)
                body = with_webhook_status(body, row.webhook_status_code)
                return Response(body, media_type="application/json")
        return await self._unfinished(row)

    async def list(self, request: Request, caller: ApiKey) -> Response:
        """Answer with one page, newest first; the URLs of the others are on our own public base."""
        query = parse_listing(request.query_params.multi_items())
        headers = await incomplete(self._views)
        answer = _json(await self._pages.page(caller.tenant, query))
        answer.headers.update(headers)
        return answer

    async def delete(self, request: Request, caller: ApiKey) -> Response:
        """Erase it; answer with what is left, as a GET shows it from now on. Repeatable."""
        transcription_id = request.path_params["id"]
        audio_ms = await self._erasing.erase(
            caller,
            transcription_id,
            surface="v2",
            correlation_id=correlation_of(request.scope),
        )
        return _deleted(transcription_id, audio_ms)

    async def _unfinished(self, row: StatusRow) -> Response:
        if row.erased:
            return _deleted(row.id, row.audio_ms)
        # A view that is built for the first time does not have the outcome yet.
        status = row.status if row.open else "processing"
        throttled = status == "queued" and bool(await self._turns.waiting_of([row.id]))
        body = await self._echoes.found(row, status, throttled=throttled)
        return Response(body, media_type="application/json")


def _deleted(transcription_id: str, audio_ms: int | None) -> Response:
    seconds = None if audio_ms is None else -(-audio_ms // 1000)
    return _json(deleted_transcript(transcription_id, seconds))


def _json(body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
