"""Serve a path with its methods: check who calls, and turn errors into answers."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.access.authentication import Authenticator, require
from stenolog.edge.access.rate_limit import RateLimits
from stenolog.edge.access.under_way import UnderWay
from stenolog.edge.http.content_reads import ContentReads, reader_of
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.problems import (
    INTERNAL,
    FailureForm,
    as_problem,
    failure_of,
    method_not_allowed,
)
from stenolog.edge.http.unknown_names import refuse_unknown_query
from stenolog.errors import InvalidRequest, StenologError, Unauthenticated

Lookup = Callable[[Request, ApiKey], Awaitable[None]]
Handler = Callable[[Request, ApiKey], Awaitable[Response]]
OpenHandler = Callable[[Request], Awaitable[Response]]

AUTHORIZATION = "Authorization"
ONCE = "must be given once"
WAITING_MAX = 1_024  # of one tenant: half of the connections that there may be

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A method that needs an API key with this scope.

    Attributes:
        lookup: Raises `NotFound` when what the path names is not the caller's. A 403 then says
            nothing of what another tenant has.
        query: The names of its query parameters: others are refused, and each may be given once.
            None: others are ignored, as AssemblyAI does.
        waits: It may be long under way without doing anything: such requests are counted apart.
    """

    scope: str
    handler: Handler
    lookup: Lookup | None = None
    query: Collection[str] | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A method that needs no key."""

    handler: OpenHandler


Operation = Guarded | Open


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Authenticates and limits requests, before every guarded method.

    Attributes:
        reads: Records who was shown content.
        problem: How to say no, where that is in no other API's form.
        under_way: How many a tenant has; a request counts until its answer was sent.
        waiting: The same of those that may be long under way without doing anything.
    """

    authenticator: Authenticator
    limits: RateLimits
    reads: ContentReads
    problem: FailureForm = as_problem
    under_way: UnderWay = field(default_factory=UnderWay)
    waiting: UnderWay = field(default_factory=lambda: UnderWay(each_max=WAITING_MAX))

    def counting(self, *, waits: bool) -> UnderWay:
        """Return what counts such requests."""
        return self.waiting if waits else self.under_way

    async def admit(self, request: Request, scope: str, lookup: Lookup | None = None) -> ApiKey:
        """Return the caller's key.

        Raises:
            InvalidRequest: There are two keys.
            NotFound: The key lacks `scope`, and `lookup` finds nothing of the caller's.
            Unauthenticated: No key that we know.
            RateLimited: It asked too often, or its tenant; or its address, without such a key.
            Forbidden: It lacks `scope`.
        """
        header = authorization_of(request)
        try:
            key = await self.authenticator.caller(header)
        except Unauthenticated:
            self.limits.refuse_stranger("" if request.client is None else request.client.host)
            raise
        self.limits.admit(key, scope)
        if lookup is not None and not key.may(scope):
            await lookup(request, key)
        require(key, scope)
        return key

    def watched(self, request: Request) -> Request:
        """Return the same request; its body ends with `Unauthenticated` once the key is revoked."""
        header = authorization_of(request)

        async def receive() -> Message:
            message = await request.receive()
            # A disconnect is told at once: who looks whether there was one waits for nothing.
            if message["type"] == "http.request":
                await self.authenticator.caller(header)
            return message

        return Request(request.scope, receive)


def authorization_of(request: Request) -> str | None:
    """Return the header with the key; None without one.

    Raises:
        InvalidRequest: It is given twice: a proxy may have judged the other one.
    """
    given = request.headers.getlist(AUTHORIZATION)
    if len(given) > 1:
        raise InvalidRequest(f"{AUTHORIZATION} {ONCE}", [(AUTHORIZATION, ONCE)])
    return given[0] if given else None


def in_path(require: Callable[[str, str], Awaitable[None]]) -> Lookup:
    """Look for the `{id}` of the path with `require`, which takes the tenant and the id."""

    async def lookup(request: Request, caller: ApiKey) -> None:
        await require(caller.tenant, request.path_params["id"])

    return lookup


class Resource:
    """The ASGI application of one path.

    Every error ends here: ours by the table, any other as a 500 without detail and with a traceback
    in the log.
    """

    def __init__(
        self, admission: Admission, form: FailureForm, methods: Mapping[str, Operation]
    ) -> None:
        self._admission = admission
        self._form = form
        self._methods = methods
        implied = ("HEAD",) if "GET" in methods else ()
        self._allowed = ", ".join(sorted({*methods, *implied}))

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The methods as declared; HEAD goes with GET."""
        return self._methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the method's answer, or the failure in this surface's form."""
        with contextlib.ExitStack() as counted:
            await self._serve(Request(scope, receive, send), send, counted)

    async def _serve(self, request: Request, send: Send, counted: contextlib.ExitStack) -> None:
        scope, receive = request.scope, request.receive
        try:
            response = await self._answer(request, counted)
        except ClientDisconnect:
            return  # nobody is left to be answered
        except StenologError as exc:
            failure = failure_of(exc)
            if failure.status >= 500:
                log.error("edge.failed", error=exc.code, reason=str(exc))
            response = self._form(failure, correlation_of(scope), scope["path"])
        except Exception:
            log.exception("edge.crashed")
            response = self._form(INTERNAL, correlation_of(scope), scope["path"])
        await response(scope, receive, send)

    async def _answer(self, request: Request, counted: contextlib.ExitStack) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        match self._methods.get(method):
            case Guarded() as guarded:
                caller = await self._admission.admit(request, guarded.scope, guarded.lookup)
                if guarded.query is not None:
                    refuse_unknown_query(request.query_params, guarded.query)
                counting = self._admission.counting(waits=guarded.waits)
                counted.enter_context(counting.counted(caller, guarded.scope))
                response = await guarded.handler(self._admission.watched(request), caller)
                await self._admission.reads.record(request, reader_of(request, caller))
                return response
            case Open() as open_to_all:
                return await open_to_all.handler(request)
            case None:
                failure = method_not_allowed(self._allowed)
                return self._form(failure, correlation_of(request.scope), request.url.path)
