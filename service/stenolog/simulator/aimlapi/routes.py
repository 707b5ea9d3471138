"""Serve AIMLAPI's two endpoints."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from stenolog.clock import rfc3339
from stenolog.errors import InvalidRequest, PayloadTooLarge
from stenolog.simulator.aimlapi.behaviour import Behaviour
from stenolog.simulator.aimlapi.forms import FORM_BYTES_MAX, read_create
from stenolog.simulator.aimlapi.jobs import Audio, Job
from stenolog.simulator.assemblyai.behaviour import Fault
from stenolog.simulator.assemblyai.memory import Seen
from stenolog.wire.aimlapi import errors

Handler = Callable[[Request, Seen], Awaitable[Response]]


class Host(Protocol):
    """What the endpoints need of the simulator that they belong to."""

    api_key: str
    outage: Fault | None
    requests: deque[Seen]
    tell: Callable[[Seen], None]

    def now_ms(self) -> int:
        """The time."""

    def make_job(self, fields: dict[str, object], audio: Audio) -> tuple[Job | None, Fault | None]:
        """Remember a new job, or return the wrong answer that this create gets instead.

        Raises:
            InvalidRequest: It asks for a day that there is not.
        """

    def find(self, job_id: str) -> Job | None:
        """The job, unless it never was or is forgotten."""

    async def pause(self, wait_ms: int) -> None:
        """Wait, no longer than the simulator serves."""

    async def drop(self, scope: Scope, receive: Receive) -> None:
        """Close the connection."""


def provider_app(host: Host) -> Starlette:
    """Return the application."""
    routes = _Routes(host)
    return Starlette(
        routes=[
            Route("/v1/stt/create", routes.endpoint(routes.create), methods=["POST"]),
            Route("/v1/stt/{id}", routes.endpoint(routes.read), methods=["GET"]),
            Route("/stt/{id}", routes.endpoint(routes.read), methods=["GET"]),
        ],
        exception_handlers={HTTPException: routes.not_found},
    )


class _Routes:
    def __init__(self, host: Host) -> None:
        self._host = host

    def endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """What happens to every request: it is recorded, then an outage, then the key."""

        async def answered(request: Request) -> Response:
            host = self._host
            seen = Seen(
                at_ms=host.now_ms(),
                method=request.method,
                path=request.url.path,
                query=dict(request.query_params),
                headers={name.lower(): value for name, value in request.headers.items()},
            )
            host.requests.append(seen)
            try:
                answer = await self._answer(handler, request, seen)
            except ClientDisconnect:
                answer = _Dropped(host)
            seen.status = -1 if isinstance(answer, _Dropped) else answer.status_code
            host.tell(seen)
            return answer

        return answered

    async def create(self, request: Request, seen: Seen) -> Response:
        """Make a job of a URL or of a file."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > FORM_BYTES_MAX:
                return self._error(request, 413, "Payload Too Large")
        try:
            fields, audio = read_create(request.headers.get("content-type", ""), bytes(body))
        except (InvalidRequest, PayloadTooLarge) as exc:
            return self._error(request, 400, str(exc))
        seen.body = fields
        if not fields.get("model") or not isinstance(fields["model"], str) or audio is None:
            return self._error(request, 400, errors.BODY_INVALID)
        try:
            job, fault = self._host.make_job(fields, audio)
        except InvalidRequest as exc:
            return self._error(request, 400, str(exc))
        if fault is not None:
            return await self._fault(fault)
        assert job is not None
        seen.job_id = job.id
        behaviour: Behaviour = job.behaviour
        if behaviour.lost_reply:
            return (
                _Dropped(self._host)
                if behaviour.reply is None
                else await self._fault(behaviour.reply)
            )
        return JSONResponse({"generation_id": job.id}, behaviour.create_status)

    async def read(self, request: Request, seen: Seen) -> Response:
        """Answer how the job stands, with its result if it has one."""
        seen.job_id = request.path_params["id"]
        job = self._host.find(request.path_params["id"])
        if job is None:
            return self._error(request, 404, errors.NOT_FOUND)
        job.reads += 1
        if job.reads <= len(job.behaviour.read_faults):
            return await self._fault(job.behaviour.read_faults[job.reads - 1])
        return JSONResponse(job.answer(self._host.now_ms()))

    async def not_found(self, request: Request, exc: Exception) -> Response:
        """Answer for a path or a method that the service does not have."""
        said = f"Cannot {request.method} {request.url.path}"
        return self._error(
            request, exc.status_code if isinstance(exc, HTTPException) else 500, said
        )

    async def _answer(self, handler: Handler, request: Request, seen: Seen) -> Response:
        if self._host.outage is not None:
            return await self._fault(self._host.outage)
        if request.headers.get("authorization") != f"Bearer {self._host.api_key}":
            return self._error(request, 401, errors.KEY_INVALID)
        return await handler(request, seen)

    async def _fault(self, fault: Fault) -> Response:
        await self._host.pause(fault.wait_ms)
        if fault.drop:
            return _Dropped(self._host)
        return Response(fault.body, fault.status, dict(fault.headers), fault.content_type)

    def _error(self, request: Request, status: int, message: str) -> Response:
        told = errors.error_body(
            status,
            message,
            path=request.url.path,
            request_id=str(uuid4()),
            timestamp=rfc3339(self._host.now_ms() * 1000),
        )
        return JSONResponse(told, status)


class _Dropped(Response):
    """Closes the connection without an answer."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        await self._host.drop(scope, receive)
