"""Record, delay, refuse or fail every request before its endpoint answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from stenolog.errors import InvalidRequest, PayloadTooLarge
from stenolog.simulator.assemblyai.account import RequestWindow
from stenolog.simulator.assemblyai.behaviour import Behaviour, Fault, too_many_requests
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.memory import Memory, Seen
from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.transcript_request import TranscriptRequest

Handler = Callable[[Request, Seen], Awaitable[Response]]


class Host(Protocol):
    """What the endpoints need of the simulator that they belong to.

    A protocol although there is one simulator: that class makes its app of these endpoints, so they
    cannot import it.
    """

    memory: Memory
    api_key: str
    base_url: str
    outage: Fault | None
    latency_ms: int
    deletes_unfinished: bool
    window: RequestWindow

    def now_ms(self) -> int:
        """The time."""

    def behave(self, body: Mapping[str, object], /) -> Behaviour:
        """How the job that this body creates goes."""

    def make_job(self, request: TranscriptRequest, behaviour: Behaviour) -> Job:
        """Remember a new job and schedule its callbacks."""

    def next_fault(self, request: TranscriptRequest, behaviour: Behaviour) -> Fault | None:
        """The wrong answer that this create gets instead of a job."""

    def next_request_fault(self, operation: str) -> Fault | None:
        """The wrong answer that the next request of this kind gets."""

    async def wait_to_answer(self, job: Job) -> None:
        """Return when a held reply may go out."""

    async def pause(self, wait_ms: int) -> None:
        """Wait, no longer than the simulator serves."""

    async def drop(self, scope: Scope, receive: Receive) -> None:
        """Close the connection."""


class Entry:
    """Handles what is the same for every endpoint."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """What happens to every request: it is recorded, then an outage, then the key."""

        async def answered(request: Request) -> Response:
            host = self._host
            seen = _seen(request, host.now_ms())
            with host.memory.lock:
                host.memory.requests.append(seen)
            await host.pause(host.latency_ms)
            try:
                answer = await self._answer(handler, request, seen)
            except ClientDisconnect:
                answer = Dropped(host)
            seen.status = -1 if isinstance(answer, Dropped) else answer.status_code
            host.memory.tell(seen)
            return answer

        return answered

    async def _answer(self, handler: Handler, request: Request, seen: Seen) -> Response:
        host = self._host
        if host.outage is not None:
            return await self.fault(host.outage)
        retry_after_s = host.window.retry_after_s(host.now_ms())
        if retry_after_s is not None:
            return await self.fault(too_many_requests(retry_after_s))
        if request.headers.get("authorization") != host.api_key:
            return wire_error(401, sentences.UNAUTHENTICATED)
        fault = host.next_request_fault(handler.__name__)
        if fault is not None:
            return await self.fault(fault)
        try:
            return await handler(request, seen)
        except InvalidRequest as exc:
            return wire_error(400, str(exc))
        except PayloadTooLarge as exc:
            return wire_error(413, str(exc))

    async def fault(self, fault: Fault) -> Response:
        """The wrong answer, after its wait, or the end of the connection."""
        await self._host.pause(fault.wait_ms)
        if fault.drop:
            return Dropped(self._host)
        return Response(fault.body, fault.status, dict(fault.headers), fault.content_type)


class Dropped(Response):
    """Closes the connection without an answer."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        await self._host.drop(scope, receive)


def _seen(request: Request, now_ms: int) -> Seen:
    return Seen(
        at_ms=now_ms,
        method=request.method,
        path=request.url.path,
        query=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
    )


def wire_error(status: int, sentence: str) -> Response:
    """An error as the service writes it."""
    return JSONResponse({"error": sentence}, status)
