"""Serve the engine over HTTP: AssemblyAI's paths, bodies and errors."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from stenolog.clock import now_us
from stenolog.engine.audio_facts import MEMBER
from stenolog.engine.host.doors import KeyCheck, NamedStart
from stenolog.engine.host.downloads import NO_SPACE
from stenolog.engine.host.features import speech_options
from stenolog.engine.host.jobs import Job, Jobs, transcript
from stenolog.engine.host.queue_places import Place, places
from stenolog.engine.host.redacted_audio import MEDIA_TYPES, PREFIX, RedactedFiles
from stenolog.engine.host.runner import Runner
from stenolog.engine.host.scratch import Scratch, ScratchFull
from stenolog.engine.settings import EngineSettings
from stenolog.errors import InvalidRequest, NotFound, PayloadTooLarge, StenologError
from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.listing import page, parse_listing
from stenolog.wire.assemblyai.transcript_request import parse_request
from stenolog.wire.assemblyai.webhook import REDACTED_AUDIO_READY
from stenolog.wire.strict_json import BODY_BYTES_MAX

log = structlog.get_logger()

START_BYTES = 8
RETRY_AFTER_SECONDS = 10  # when the queue or the disk is full: about one job's time
# Ids as `Scratch` makes them: a URL that was given out at another port, by an engine before this.
EARLIER_UPLOAD = re.compile(r"http://127\.0\.0\.1:[0-9]+/upload/([A-Za-z0-9_-]{32})")


class EngineApp:
    """Serves the endpoints; `base_url` is this process's own address."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        base_url: str,
        jobs: Jobs,
        scratch: Scratch,
        runner: Runner,
        redacted: RedactedFiles,
    ) -> None:
        # Jobs are in memory: whoever asks for one of an earlier start learns that it is gone.
        self._start = secrets.token_hex(START_BYTES)
        self._settings = settings
        self._base_url = base_url
        self._upload_prefix = f"{base_url}/upload/"
        self._jobs = jobs
        self._scratch = scratch
        self._runner = runner
        self._redacted = redacted

    def asgi(self) -> ASGIApp:
        """Return the application, behind the check of the key."""
        app = Starlette(
            routes=[
                Route("/v2/upload", self._upload, methods=["POST"]),
                Route("/v2/transcript", self._create, methods=["POST"]),
                Route("/v2/transcript", self._list, methods=["GET"]),
                Route("/v2/transcript/{id}", self._get, methods=["GET"]),
                Route("/v2/transcript/{id}", self._delete, methods=["DELETE"]),
                Route("/v2/transcript/{id}/redacted-audio", self._audio_link, methods=["GET"]),
                Route(f"{PREFIX}{{name}}", self._audio, methods=["GET"]),
                Route("/counts", self._counts, methods=["GET"]),
                Route("/queue", self._queue, methods=["GET"]),
            ],
            exception_handlers={
                StenologError: _refused,
                HTTPException: _no_route,
                ClientDisconnect: _gone,
                ScratchFull: _full,
                Exception: _failed,
            },
        )
        return KeyCheck(NamedStart(app, self._start), self._settings.api_key)

    async def _upload(self, request: Request) -> Response:
        upload_id = await self._scratch.upload(
            request.stream(), bytes_max=self._settings.upload_bytes_max
        )
        return JSONResponse({"upload_url": f"{self._upload_prefix}{upload_id}"})

    async def _create(self, request: Request) -> Response:
        asked = parse_request(await _body(request))
        job = Job(
            id=f"{self._start}-{uuid.uuid4()}",
            params=asked.params,
            options=speech_options(asked.params),
            created_us=now_us(),
        )
        # Before the upload is held: giving it back would remove the file that the caller keeps.
        if self._runner.is_full:
            retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return _error(429, sentences.TOO_MANY_REQUESTS, retry)
        upload_id = self._upload_of(asked.audio_url)
        if upload_id is not None and not self._scratch.hold(upload_id):
            return _error(403, sentences.UPLOAD_INACCESSIBLE)
        self._runner.submit(job, upload_id)
        return JSONResponse(transcript(job))

    async def _get(self, request: Request) -> Response:
        job = self._known(request)
        told = transcript(job)
        place = self._places().get(job.id)
        if place is not None:
            beside = told.get(MEMBER)
            told[MEMBER] = {**(beside if isinstance(beside, dict) else {}), "queue": asdict(place)}
        return JSONResponse(told)

    async def _queue(self, _: Request) -> Response:
        return JSONResponse({job_id: asdict(place) for job_id, place in self._places().items()})

    def _places(self) -> Mapping[str, Place]:
        return places(self._jobs.all(), self._settings.workers, now_us())

    async def _counts(self, _: Request) -> Response:
        return JSONResponse(self._runner.counts())

    async def _list(self, request: Request) -> Response:
        query = parse_listing(request.query_params.multi_items())
        items, has_older, has_newer = self._jobs.page(query)
        return JSONResponse(
            page(
                items,
                query=query,
                base_url=self._base_url,
                has_older=has_older,
                has_newer=has_newer,
            )
        )

    async def _delete(self, request: Request) -> Response:
        job = self._known(request)
        if job.is_open:
            raise InvalidRequest("Only a finished transcript can be deleted")
        self._redacted.drop([job.id])
        deleted = job if job.deleted else _scrubbed(job)
        self._jobs.put(deleted)
        return JSONResponse(transcript(deleted))

    async def _audio_link(self, request: Request) -> Response:
        job = self._known(request)
        if job.is_open:
            return JSONResponse({"status": job.status}, status_code=202)
        url = self._redacted.url(job.id)
        if url is None:
            raise InvalidRequest("Redacted audio is not available for this transcript")
        return JSONResponse({"redacted_audio_url": url, "status": REDACTED_AUDIO_READY})

    async def _audio(self, request: Request) -> Response:
        name = request.path_params["name"]
        path = self._redacted.find(name)
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, media_type=MEDIA_TYPES[name.rpartition(".")[2]])

    def _upload_of(self, audio_url: str) -> str | None:
        """Return the id of the upload that the URL names, here or at an engine that ran before."""
        if audio_url.startswith(self._upload_prefix):
            return audio_url.removeprefix(self._upload_prefix)
        earlier = EARLIER_UPLOAD.fullmatch(audio_url)
        return earlier[1] if earlier else None

    def _known(self, request: Request) -> Job:
        job = self._jobs.get(request.path_params["id"])
        if job is None:
            raise NotFound(sentences.TRANSCRIPT_NOT_FOUND)
        return job


async def _body(request: Request) -> bytes:
    """Return the whole body, when it is not over the limit of a request."""
    chunks: list[bytes] = []
    async for chunk in _bounded(request.stream(), BODY_BYTES_MAX):
        chunks.append(chunk)
    return b"".join(chunks)


async def _bounded(chunks: AsyncIterator[bytes], bytes_max: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > bytes_max:
            raise PayloadTooLarge(f"The request body is over {bytes_max} bytes")
        yield chunk


def _scrubbed(job: Job) -> Job:
    """Return what may be remembered of a deleted job: its id, times and duration."""
    return Job(
        id=job.id,
        params={},
        options=job.options,
        created_us=job.created_us,
        status="completed",
        completed_us=job.completed_us,
        audio_ms=job.audio_ms,
        deleted=True,
    )


def _error(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)


async def _refused(_: Request, exc: Exception) -> Response:
    match exc:
        case PayloadTooLarge():
            return _error(413, str(exc))
        case InvalidRequest() | NotFound():
            return _error(400, str(exc))  # an unknown id is 400 there, not 404
        case _:
            return await _failed(_, exc)


async def _no_route(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    sentence = sentences.NOT_FOUND if exc.status_code == 404 else exc.detail
    return _error(exc.status_code, sentence)


async def _full(_: Request, exc: Exception) -> Response:
    log.error("engine.upload_refused", reason=str(exc))
    return _error(503, NO_SPACE, {"Retry-After": str(RETRY_AFTER_SECONDS)})


async def _gone(_: Request, exc: Exception) -> Response:
    return _error(400, sentences.UPLOAD_FAILED)


async def _failed(_: Request, exc: Exception) -> Response:
    log.error("engine.request_failed", kind=type(exc).__name__)
    return _error(500, sentences.INTERNAL_ERROR)
