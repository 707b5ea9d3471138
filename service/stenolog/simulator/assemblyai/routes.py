"""Serve the provider's endpoints for jobs, uploads and redacted audio."""

from __future__ import annotations

import hashlib
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from stenolog.errors import InvalidRequest, PayloadTooLarge
from stenolog.simulator.assemblyai.answers import (
    REDACTED_AUDIO,
    REDACTED_PATH,
    job_answer,
    redacted_audio_url,
)
from stenolog.simulator.assemblyai.derived_routes import DerivedRoutes
from stenolog.simulator.assemblyai.entry import Dropped, Entry, Host, wire_error
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.judging import judged
from stenolog.simulator.assemblyai.memory import Seen, Upload
from stenolog.wire.assemblyai import listing, sentences
from stenolog.wire.assemblyai.webhook import REDACTED_AUDIO_READY
from stenolog.wire.strict_json import BODY_BYTES_MAX, parse_object

UPLOAD_PREFIX = "https://cdn.assemblyai.com/upload/"


def provider_app(host: Host) -> Starlette:
    """Return the application."""
    entry = Entry(host)
    routes = _Routes(host, entry)
    derived = DerivedRoutes(routes.find, host.now_ms)
    return Starlette(
        routes=[
            *(
                Route(path, entry.endpoint(answer), methods=["GET"])
                for path, answer in derived.by_path()
            ),
            Route("/v2/upload", entry.endpoint(routes.upload), methods=["POST"]),
            Route("/v2/transcript", entry.endpoint(routes.create), methods=["POST"]),
            Route("/v2/transcript", entry.endpoint(routes.list), methods=["GET"]),
            Route("/v2/transcript/{id}", entry.endpoint(routes.read), methods=["GET"]),
            Route("/v2/transcript/{id}", entry.endpoint(routes.delete), methods=["DELETE"]),
            Route(
                "/v2/transcript/{id}/redacted-audio",
                entry.endpoint(routes.redacted_audio),
                methods=["GET"],
            ),
            Route(REDACTED_PATH + "/{id}.wav", routes.redacted_file, methods=["GET"]),
        ],
        exception_handlers={HTTPException: routes.not_found},
    )


class _Routes:
    def __init__(self, host: Host, entry: Entry) -> None:
        self._host = host
        self._entry = entry

    async def upload(self, request: Request, seen: Seen) -> Response:
        """Take a file of any size; only its length and hash are kept."""
        digest, size = hashlib.sha256(), 0
        async for chunk in request.stream():
            digest.update(chunk)
            size += len(chunk)
        if size == 0:
            return PlainTextResponse(sentences.UPLOAD_FAILED, 422)
        account = hashlib.sha256(self._host.api_key.encode()).hexdigest()[:32]
        url = f"{UPLOAD_PREFIX}{account}/{uuid4()}"
        upload = Upload(url=url, bytes_count=size, sha256=digest.hexdigest())
        with self._host.memory.lock:
            self._host.memory.uploads.put(url, upload)
        return JSONResponse({"upload_url": url})

    async def create(self, request: Request, seen: Seen) -> Response:
        """Make a job, by the live service's rules."""
        host = self._host
        body = await _body(request)
        seen.body = _recorded(body)
        given = parse_object(body)
        wanted = judged(given)
        is_upload = wanted.audio_url.startswith(UPLOAD_PREFIX)
        if is_upload and wanted.audio_url not in host.memory.uploads:
            return wire_error(403, sentences.UPLOAD_INACCESSIBLE)
        behaviour = host.behave(wanted.params)
        judged(given, models_retired=behaviour.models_retired)
        fault = host.next_fault(wanted, behaviour)
        if fault is not None:
            return await self._entry.fault(fault)
        job, *_ = [host.make_job(wanted, behaviour) for _ in range(behaviour.jobs)]
        seen.job_id = job.id
        answer = JSONResponse(job.transcript(host.now_ms(), as_created=True))
        await host.wait_to_answer(job)
        if not behaviour.lost_reply:
            return answer
        return (
            Dropped(host) if behaviour.reply is None else await self._entry.fault(behaviour.reply)
        )

    async def list(self, request: Request, seen: Seen) -> Response:
        """Answer with a page of jobs, newest first."""
        host, now_ms = self._host, self._host.now_ms()
        query = listing.parse_listing(request.query_params.multi_items())
        try:
            jobs, older, newer = host.memory.listed(query, now_ms)
        except KeyError:
            return wire_error(400, sentences.TRANSCRIPT_NOT_FOUND)
        items = [job.item(now_ms) for job in jobs]
        return JSONResponse(
            listing.page(
                items, query=query, base_url=host.base_url, has_older=older, has_newer=newer
            )
        )

    async def read(self, request: Request, seen: Seen) -> Response:
        """Answer with the whole transcript, whatever its status."""
        job = self.find(request, seen)
        if job is None:
            return wire_error(400, sentences.TRANSCRIPT_NOT_FOUND)
        job.reads += 1
        if job.reads <= len(job.behaviour.read_faults):
            return await self._entry.fault(job.behaviour.read_faults[job.reads - 1])
        return job_answer(job, self._host.now_ms())

    async def delete(self, request: Request, seen: Seen) -> Response:
        """Scrub a job and forget its upload; the same answer as often as it is asked."""
        host, job = self._host, self.find(request, seen)
        if job is None:
            return wire_error(400, sentences.TRANSCRIPT_NOT_FOUND)
        unfinished = job.status(host.now_ms()) in ("queued", "processing")
        if unfinished and not host.deletes_unfinished:
            return wire_error(400, "Only completed or failed transcripts can be deleted")
        with host.memory.lock:
            job.deleted = True
            host.memory.uploads.pop(job.request.audio_url)
        return JSONResponse(job.transcript(host.now_ms()))

    async def redacted_audio(self, request: Request, seen: Seen) -> Response:
        """Answer with where the redacted audio is; 202 while it is not ready."""
        job = self.find(request, seen)
        if job is None:
            return wire_error(400, sentences.TRANSCRIPT_NOT_FOUND)
        status = job.status(self._host.now_ms())
        if job.deleted or status == "error" or "redact_pii_audio" not in job.request.features:
            return wire_error(400, "Redacted audio is not available for this transcript")
        if status != "completed":
            return JSONResponse({"status": status}, 202)
        if self._host.now_ms() < (job.ends_ms or 0) + job.behaviour.redacted_after_ms:
            return JSONResponse({"status": "processing"}, 202)
        url = redacted_audio_url(self._host.base_url, job)
        return JSONResponse({"redacted_audio_url": url, "status": REDACTED_AUDIO_READY})

    async def redacted_file(self, request: Request) -> Response:
        """Answer with an empty recording, for everybody who has the URL."""
        job = self._host.memory.find(request.path_params["id"], self._host.now_ms())
        if job is None or job.deleted:
            return PlainTextResponse(sentences.NOT_FOUND, 403)
        return Response(REDACTED_AUDIO, media_type="audio/wav")

    async def not_found(self, request: Request, exc: Exception) -> Response:
        """Answer with the service's plain text for a path or a method that it does not have."""
        status = exc.status_code if isinstance(exc, HTTPException) else 500
        return PlainTextResponse(sentences.NOT_FOUND if status == 404 else "", status)

    def find(self, request: Request, seen: Seen) -> Job | None:
        """Return the job that the path names, noted in the request."""
        seen.job_id = request.path_params["id"]
        return self._host.memory.find(request.path_params["id"], self._host.now_ms())


async def _body(request: Request) -> bytes:
    """Return the whole body, or the beginning of one that is too large to be read whole."""
    body = bytearray()
    async for chunk in request.stream():
        if len(body) <= BODY_BYTES_MAX:
            body += chunk
    return bytes(body)


def _recorded(body: bytes) -> dict[str, object] | None:
    try:
        return parse_object(body)
    except (InvalidRequest, PayloadTooLarge):
        return None
