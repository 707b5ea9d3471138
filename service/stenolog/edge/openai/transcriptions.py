"""Transcribe a file while its sender waits, as OpenAI does, over the same commands and log."""

from __future__ import annotations

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.audio_forms import received_form
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.forms import is_form_type
from stenolog.edge.http.native_fields import extras_of, idempotency_key
from stenolog.edge.http.problems import TRANSCRIPTION_ID
from stenolog.edge.openai.answers import Answers
from stenolog.edge.openai.errors import REQUEST_ID
from stenolog.edge.openai.serving import Serving
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.edge.transcriptions.ways import with_audio
from stenolog.errors import InvalidRequest, NotFound
from stenolog.wire.openai.create import FILE_FIELD, Create, read_create
from stenolog.wire.openai.in_assemblyai import in_openai_words
from stenolog.wire.openai.models import MODELS, described, listed

NOT_A_FORM = "The request must be multipart/form-data, with the fields file and model"
NO_FILE = "must be given, and have bytes"
NO_KEY = "cannot be given with a file: each time it is another one"
NO_TRANSLATION = (
    "Translation is not done here: no provider has it. Ask POST /v1/audio/transcriptions, which "
    "writes what is said in its own language."
)


class Transcriptions:
    """Answers as OpenAI would; what was asked for goes on when nobody waits for it any more."""

    def __init__(self, cases: UseCases, answers: Answers, serving: Serving) -> None:
        self._cases = cases
        self._answers = answers
        self._serving = serving

    async def create(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the transcript; the header `Stenolog-Transcription-Id` has its id.

        Raises:
            InvalidRequest: The form is wrong, or asks for what is not done.
            NotTranscribed: It failed.
            NotEnded: It goes on, and can be read natively and on `/v2`.
            RateLimited: Too many wait.
            ClientDisconnect: Nobody waits any more.
        """
        awaiting = self._cases.awaiting
        with awaiting.place(caller.tenant):
            try:
                transcription_id, create = await self._begun(request, caller)
            except InvalidRequest as exc:
                raise in_openai_words(exc) from exc
            row = await awaiting.completed(transcription_id, request.is_disconnected)
        if row is None:
            raise ClientDisconnect
        headers = {
            TRANSCRIPTION_ID: transcription_id,
            REQUEST_ID: correlation_of(request.scope),
        }
        answer = await self._answers.of(row, create, headers)
        shows_content(request, "transcript", row.id)
        return answer

    async def translate(self, request: Request, caller: ApiKey) -> Response:
        """Refuse: no provider translates.

        Raises:
            InvalidRequest: Always.
        """
        raise InvalidRequest(NO_TRANSLATION)

    async def models(self, request: Request, caller: ApiKey) -> Response:
        """Answer with OpenAI's models, which every provider serves."""
        return _json(listed(self._serving.default))

    async def model(self, request: Request, caller: ApiKey) -> Response:
        """Answer with one of them.

        Raises:
            NotFound: It is none of them.
        """
        name = request.path_params["model"]
        if name not in MODELS:
            raise NotFound(
                f"The model {name[:64]!r} is not listed here: there are {', '.join(MODELS)}"
            )
        return _json(described(name, self._serving.default))

    async def _begun(self, request: Request, caller: ApiKey) -> tuple[str, Create]:
        """Record the request in the form; return its transcription's id and what was asked."""
        if not is_form_type(request.headers.get("content-type", "")):
            raise InvalidRequest(NOT_A_FORM)
        if idempotency_key(request) is not None:
            raise InvalidRequest(f"Idempotency-Key {NO_KEY}", [("Idempotency-Key", NO_KEY)])
        extras = extras_of(request, {})
        uploading, correlation_id = self._cases.uploading, correlation_of(request.scope)
        async with received_form(request, caller, uploading, file_fields={FILE_FIELD}) as form:
            size = form.values_bytes
            create = await self._cases.beside.run(size, read_create, form.values)
            # Refused before the log knows of the file, which is then removed.
            ways = self._serving.ways(create, extras, caller.default_providers)
            if form.file is None:
                raise InvalidRequest(f"{FILE_FIELD} {NO_FILE}", [(FILE_FIELD, NO_FILE)])
            url = await uploading.record(caller, form.take(), correlation_id)
        first, ways = await self._cases.beside.run(size, with_audio, ways, url)
        requested = await self._cases.requesting.request(
            caller,
            first,
            extras,
            surface="v1-audio",
            correlation_id=correlation_id,
            body_bytes=size,
            own={"openai": create.own},
            ways=ways,
        )
        return requested.id, create


def _json(body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
