"""Put the application together: every surface, and what happens to every request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from stenolog.arrivals import Arrivals
from stenolog.commands.api_keys import ApiKeys
from stenolog.edge.access.authentication import Authenticator
from stenolog.edge.access.rate_limit import rate_limits
from stenolog.edge.aimlapi import routes as aimlapi
from stenolog.edge.assemblyai import routes as assemblyai
from stenolog.edge.callbacks import routes as callbacks
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.documents import routes as documents
from stenolog.edge.http.cache_headers import CacheHeaders
from stenolog.edge.http.content_reads import Accesses, ContentReads
from stenolog.edge.http.correlation import Correlation, correlation_of
from stenolog.edge.http.cross_origin import cross_origin
from stenolog.edge.http.head_limits import HeadLimits
from stenolog.edge.http.problems import (
    UNKNOWN_NATIVE_PATH,
    UNKNOWN_PATH,
    FailureForm,
    as_foreign_error,
    as_problem,
)
from stenolog.edge.http.refused import refusing
from stenolog.edge.http.request_line import RequestLine
from stenolog.edge.http.resource import Admission
from stenolog.edge.http.surface import Surface
from stenolog.edge.native import routes as native
from stenolog.edge.openai import routes as openai
from stenolog.edge.operations import routes as operations
from stenolog.edge.ports import EdgeMetrics
from stenolog.edge.transcriptions.use_cases import TranscriptionPorts, use_cases

# Probes, and what an SDK reads every few seconds until a transcription has ended.
OFTEN_READ = frozenset(
    {
        "/healthz",
        "/readyz",
        "/metrics",
        "/v2/transcript/{id}",
        "/v1/stt/{id}",
        "/api/v1/transcripts/{id}",
    }
)

# Other requests leave them some of the connections.
PROBES = frozenset({"/healthz", "/readyz"})
CALLBACKS = "/callbacks/"
STREAMING = "/v2/realtime/"  # of AssemblyAI's older SDKs; it is not offered


def has_places_kept(path: str) -> bool:
    """Tell whether a request for this path is served when all others are too many."""
    return path in PROBES or path.startswith(CALLBACKS)


class Application(Starlette):
    """What is served; the composition root need not know the framework.

    Attributes:
        refusing: Answers what the server refuses by itself.
        state: Has `arrivals`, which bounds the JSON bodies that come in slowly, all together.
    """

    def __init__(
        self, *, refusing: ASGIApp, arrivals: Arrivals | None = None, **parts: Any
    ) -> None:
        """`parts` are Starlette's."""
        super().__init__(**parts)
        self.refusing = refusing
        self.state.arrivals = arrivals or Arrivals()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPorts:
    """What every request passes through, whatever its surface.

    Attributes:
        accesses: Records who was shown content.
        rate_limit_per_minute: Requests per API key; 0: no limit.
        tenant_rate_limit_per_minute: Requests of all keys of a tenant; 0: ten times that.
        cors_origins: Whose pages may call us from a browser; none: no answer mentions CORS.
        arrivals: Bounds the JSON bodies that come in slowly, all together.
        base_path: The path under which a proxy serves us, without a slash at its end.
    """

    api_keys: ApiKeys
    metrics: EdgeMetrics
    accesses: Accesses
    rate_limit_per_minute: int = 0
    tenant_rate_limit_per_minute: int = 0
    cors_origins: tuple[str, ...] = ()
    arrivals: Arrivals = field(default_factory=Arrivals)
    base_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Everything that the edge needs: one class of ports for each surface.

    Attributes:
        renders: Where what is derived from a transcript is made, for all surfaces.
    """

    requests: RequestPorts
    transcriptions: TranscriptionPorts
    renders: RenderWorkers
    callbacks: callbacks.CallbackPorts
    assemblyai: assemblyai.AssemblyAIPorts
    aimlapi: aimlapi.AimlapiPorts
    openai: openai.OpenaiPorts
    native: native.NativePorts
    operations: operations.OperationsPorts


def build_app(edge: Edge) -> Application:
    """Build the application over these ports; it opens and closes nothing."""
    cases = use_cases(edge.transcriptions)
    admission = Admission(
        authenticator=Authenticator(edge.requests.api_keys),
        limits=rate_limits(
            edge.requests.rate_limit_per_minute, edge.requests.tenant_rate_limit_per_minute
        ),
        reads=ContentReads(edge.requests.accesses),
        problem=partial(as_problem, base=edge.requests.base_path),
    )
    surfaces = (
        callbacks.surface(edge.callbacks, cases),  # first: nothing is looked for before it
        assemblyai.surface(edge.assemblyai, cases, edge.renders, admission),
        aimlapi.surface(edge.aimlapi, cases, edge.renders, admission),
        openai.surface(edge.openai, cases, edge.renders, admission),
        native.surface(edge.native, cases, edge.renders, admission),
        operations.surface(edge.operations, admission),
        documents.surface(admission),
    )
    form_at = _forms(surfaces, partial(as_foreign_error, base=edge.requests.base_path))

    async def unknown_path(request: Request, exc: Exception) -> Response:
        path = request.url.path
        failure = UNKNOWN_NATIVE_PATH if f"{path}/".startswith("/api/") else UNKNOWN_PATH
        return form_at(path)(failure, correlation_of(request.scope), path)

    app = Application(
        refusing=refusing(form_at, edge.requests.metrics),
        arrivals=edge.requests.arrivals,
        routes=[route for surface in surfaces for route in surface.routes],
        middleware=[
            Middleware(Correlation),
            Middleware(RequestLine, metrics=edge.requests.metrics, often_read=OFTEN_READ),
            *cross_origin(edge.requests.cors_origins),
            Middleware(CacheHeaders),
            Middleware(HeadLimits, form_at=form_at),
        ],
        exception_handlers={HTTPException: unknown_path},
    )
    # The SDKs do not follow redirects: a path is right or unknown.
    app.router.redirect_slashes = False
    return app


def _forms(surfaces: Sequence[Surface], foreign: FailureForm) -> Callable[[str], FailureForm]:
    """Return how an unknown path says no: in the form of the API that its user took it for.

    `foreign` is that of what is nobody's here, and of AssemblyAI's other products.
    """

    def form_at(path: str) -> FailureForm:
        if path.startswith(STREAMING):
            return foreign
        for surface in surfaces:
            if surface.form and f"{path}/".startswith(f"{surface.prefix}/"):
                return surface.form
        return foreign

    return form_at
