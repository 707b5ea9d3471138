"""Create and read generations, as AIMLAPI calls what its users transcribe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from stenolog.bounded import BoundedMemory
from stenolog.commands.api_keys import ApiKey
from stenolog.edge.aimlapi.results import AskedFor, Results, asked_for
from stenolog.edge.aimlapi.serving import Serving
from stenolog.edge.http.audio_forms import received_form
from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.forms import is_form_type
from stenolog.edge.http.native_fields import extras_of, idempotency_key
from stenolog.edge.transcriptions.requesting import Requested
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.edge.transcriptions.ways import with_audio
from stenolog.errors import InvalidRequest, NotFound
from stenolog.projections.rows import StatusRow
from stenolog.wire.aimlapi.create import EMPTY_FILE, FILE_FIELDS, Create, of_form, read_create
from stenolog.wire.aimlapi.served import completed, created, failed, unfinished
from stenolog.wire.strict_json import BODY_BYTES_MAX, parse_object

ASKED_MAX = 16_384  # generations of which is remembered what was asked for
GONE = "The result is not here any more"
NO_KEY = "cannot be given with a file: each time it is another one"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    requested: Requested
    model: str


class Generations:
    """Answers as AIMLAPI would, with ids of our own."""

    def __init__(self, cases: UseCases, results: Results, serving: Serving) -> None:
        self._cases = cases
        self._results = results
        self._serving = serving
        self._asked: BoundedMemory[str, AskedFor] = BoundedMemory(ASKED_MAX)

    async def create(self, request: Request, caller: ApiKey) -> Response:
        """201 with `generation_id`; it means that the request is durable."""
        begun = await self._begun(request, caller)
        answer = created(begun.requested.id, begun.model)
        return _json(answer, status=201, headers=begun.requested.headers)

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with its status, and the result once there is one."""
        row = await self._cases.reading.find(caller.tenant, request.path_params["id"])
        if row.erased:
            raise NotFound(GONE)
        asked = await self._asked_for(row)
        if row.status == "error":
            return _json(failed(row.id, row.error or ""))
        result = None if row.open else await self._results.of(row, asked)
        if result is None:  # a view that is built for the first time does not have it yet
            return _json(unfinished(row.id, asked.model, begun=row.status != "queued"))
        shows_content(request, "transcript", row.id)
        return Response(completed(row.id, result), media_type="application/json")

    async def transcribe(self, request: Request, caller: ApiKey) -> Response:
        """The old call: wait for the end, and answer with the bare result.

        Raises:
            NotTranscribed: It failed.
            NotEnded: It goes on, and can be read as any other generation.
            RateLimited: Too many wait.
            ClientDisconnect: Nobody waits any more.
        """
        awaiting = self._cases.awaiting
        with awaiting.place(caller.tenant):
            begun = await self._begun(request, caller)
            row = await awaiting.completed(begun.requested.id, request.is_disconnected)
        if row is None:
            raise ClientDisconnect
        result = await self._results.of(row, await self._asked_for(row))
        if result is None:
            raise NotFound(GONE)
        shows_content(request, "transcript", row.id)
        return Response(result, status_code=201, media_type="application/json")

    async def _begun(self, request: Request, caller: ApiKey) -> _Begun:
        """Record the request in the body, JSON or a form."""
        key, beside = idempotency_key(request), self._cases.beside
        if is_form_type(request.headers.get("content-type", "")):
            uploading = self._cases.uploading
            async with received_form(request, caller, uploading, file_fields=FILE_FIELDS) as form:
                if form.file_field and form.file is None:
                    raise InvalidRequest(EMPTY_FILE, [(form.file_field, EMPTY_FILE)])
                if form.file is not None and key is not None:
                    raise InvalidRequest(f"Idempotency-Key {NO_KEY}", [("Idempotency-Key", NO_KEY)])
                size = form.values_bytes
                given = await beside.run(size, of_form, form.values)
                create = read_create(given, file=form.file is not None)
                # Refused before the log knows of the file, which is then removed.
                self._serving.ways(create, extras_of(request, {}), caller.default_providers)
                url = create.url or await uploading.record(
                    caller, form.take(), correlation_of(request.scope)
                )
            return await self._recorded(request, caller, create, url, size, key)
        async with (
            whole_body(request, bytes_max=BODY_BYTES_MAX) as body,
            self._cases.large_turns.turn(caller.tenant, len(body)),
        ):
            given = await beside.run(len(body), parse_object, body)
            create = read_create(given, file=False)
            assert create.url is not None, "a create without a file has a URL"
            return await self._recorded(request, caller, create, create.url, len(body), key)

    async def _recorded(
        self,
        request: Request,
        caller: ApiKey,
        create: Create,
        url: str,
        body_bytes: int,
        key: str | None,
    ) -> _Begun:
        extras = extras_of(request, {})
        ways = self._serving.ways(create, extras, caller.default_providers)
        first, ways = await self._cases.beside.run(body_bytes, with_audio, ways, url)
        requested = await self._cases.requesting.request(
            caller,
            first,
            extras,
            surface="v1-stt",
            correlation_id=correlation_of(request.scope),
            body_bytes=body_bytes,
            key=key,
            own=create.own,
            ways=ways,
        )
        return _Begun(requested=requested, model=create.model)

    async def _asked_for(self, row: StatusRow) -> AskedFor:
        """Return what was asked for; what was told once is not read again."""
        known = self._asked.get(row.id)
        if known is None:
            known = await self._cases.reading.of_request(row, "shape", asked_for)
            self._asked.put(row.id, known)
        return known


def _json(
    body: Mapping[str, object], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/json",
    )
