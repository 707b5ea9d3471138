"""The application: every path, what may be done there, and what happens to every request."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stenolog.edge.access.authentication import Authenticator
from stenolog.edge.access.rate_limit import RateLimit
from stenolog.edge.assemblyai import transcripts as v2
from stenolog.edge.assemblyai.derived import Derived
from stenolog.edge.assemblyai.pages import Pages
from stenolog.edge.assemblyai.redacted_audio import RedactedAudioOf
from stenolog.edge.assemblyai.uploads import Upload
from stenolog.edge.callbacks.receiving import Callbacks
from stenolog.edge.derived.workers import Making
from stenolog.edge.http.correlation import Correlation, correlation_of
from stenolog.edge.http.cross_origin import cross_origin
from stenolog.edge.http.head_limits import HeadLimits
from stenolog.edge.http.operations import Operations
from stenolog.edge.http.problems import (
    UNKNOWN_PATH,
    FailureForm,
    as_foreign_error,
    as_problem,
    as_wire_error,
)
from stenolog.edge.http.request_line import RequestLine
from stenolog.edge.http.resource import Gate, Guarded, Handler, Open, Operation, Resource
from stenolog.edge.native import transcripts as native
from stenolog.edge.native.events import Events
from stenolog.edge.native.items import Items
from stenolog.edge.native.keys import Keys
from stenolog.edge.native.projections import Projections
from stenolog.edge.ports import Edge
from stenolog.edge.transcriptions.erasing import Erasing
from stenolog.edge.transcriptions.reading import Reading
from stenolog.edge.transcriptions.requesting import Requesting
from stenolog.edge.transcriptions.tenancy import Tenancy
from stenolog.projections.run.registry import ITEM_VIEWS

V2 = "/v2"
NATIVE = "/api/v1"
CALLBACKS = "/callbacks/{provider}/{token:path}"


def build_app(edge: Edge) -> Starlette:
    """The application over these ports; it opens and closes nothing."""
    tenancy = Tenancy(edge.events)
    authenticator = Authenticator(edge.api_keys)
    gate = Gate(authenticator=authenticator, rate_limit=RateLimit(edge.rate_limit_per_minute))
    reading = Reading(edge.handler, edge.events, edge.views, tenancy)
    requesting = Requesting(edge, tenancy)
    erasing = Erasing(edge, reading)
    callbacks = Callbacks(
        handler=edge.handler,
        tenancy=tenancy,
        keys=edge.callback_keys,
        wake=edge.wake,
        metrics=edge.metrics,
    )
    app = Starlette(
        routes=[
            Route(CALLBACKS, callbacks),  # first: nothing is looked for before it
            *_v2_routes(edge, gate, requesting, reading, erasing),
            *_native_routes(edge, gate, requesting, reading, authenticator, erasing),
            _redacted_audio(edge, gate, reading),
            *_operator_routes(edge, gate, authenticator),
        ],
        middleware=[
            Middleware(Correlation),
            Middleware(RequestLine, metrics=edge.metrics),
            *cross_origin(edge.cors_origins),
            Middleware(HeadLimits, form_at=_form_at),
        ],
        exception_handlers={HTTPException: _unknown_path},
    )
    # The SDKs do not follow redirects: a path is right or unknown.
    app.router.redirect_slashes = False
    return app


def _v2_routes(
    edge: Edge, gate: Gate, requesting: Requesting, reading: Reading, erasing: Erasing
) -> list[Route]:
    pages = Pages(reading, edge.views, edge.turns, edge.public_url)
    transcripts = v2.Transcripts(edge, requesting, reading, pages, erasing)
    write, read = "transcripts:write", "transcripts:read"

    def route(path: str, **methods: Operation) -> Route:
        return _route(gate, as_wire_error, V2 + path, **methods)

    return [
        route("/upload", POST=Guarded(scope=write, handler=Upload(edge).post)),
        route(
            "/transcript",
            GET=Guarded(scope=read, handler=transcripts.list),
            POST=Guarded(scope=write, handler=transcripts.post),
        ),
        route(
            "/transcript/{id}",
            GET=Guarded(scope=read, handler=transcripts.get),
            DELETE=Guarded(scope=write, handler=transcripts.delete),
        ),
        *(
            route(f"/transcript/{{id}}/{name}", GET=Guarded(scope=read, handler=handler))
            for name, handler in _derived(edge, reading).items()
        ),
    ]


def _derived(edge: Edge, reading: Reading) -> dict[str, Handler]:
    derived = Derived(reading, Making(edge.views, edge.side_processes))
    return {
        "redacted-audio": RedactedAudioOf(edge, reading).get,
        "sentences": derived.sentences,
        "paragraphs": derived.paragraphs,
        "srt": derived.srt,
        "vtt": derived.vtt,
        "word-search": derived.word_search,
    }


def _redacted_audio(edge: Edge, gate: Gate, reading: Reading) -> Route:
    download = RedactedAudioOf(edge, reading).download
    return _route(gate, as_problem, "/redacted-audio/{link}", GET=Open(handler=download))


def _native_routes(
    edge: Edge,
    gate: Gate,
    requesting: Requesting,
    reading: Reading,
    authenticator: Authenticator,
    erasing: Erasing,
) -> list[Route]:
    transcripts = native.Transcripts(requesting, reading, edge.views, edge.readable_at, erasing)
    events = Events(reading, edge.events)
    keys = Keys(edge.api_keys, authenticator, edge.regions)
    projections = Projections(edge.views, edge.rebuild)
    write, read = "transcripts:write", "transcripts:read"

    def route(path: str, **methods: Operation) -> Route:
        return _route(gate, as_problem, NATIVE + path, **methods)

    return [
        route(
            "/transcripts",
            GET=Guarded(scope=read, handler=transcripts.list),
            POST=Guarded(scope=write, handler=transcripts.post),
        ),
        route(
            "/transcripts/{id}",
            GET=Guarded(scope=read, handler=transcripts.get),
            DELETE=Guarded(scope=write, handler=transcripts.delete),
        ),
        *(
            route(
                f"/transcripts/{{id}}/{view}",
                GET=Guarded(scope=read, handler=Items(view, reading, edge.views).get),
            )
            for view in ITEM_VIEWS
        ),
        route("/transcripts/{id}/events", GET=Guarded(scope="events:read", handler=events.get)),
        route(
            "/keys",
            GET=Guarded(scope="keys:write", handler=keys.list),
            POST=Guarded(scope="keys:write", handler=keys.post),
        ),
        route("/keys/{key}", DELETE=Guarded(scope="keys:write", handler=keys.delete)),
        route("/projections", GET=Guarded(scope="ops:read", handler=projections.get)),
        # `ops:read` is all of an operator's scopes there is, and a rebuild changes no fact.
        route(
            "/projections/{name}/rebuild",
            POST=Guarded(scope="ops:read", handler=projections.rebuild),
        ),
    ]


def _operator_routes(edge: Edge, gate: Gate, authenticator: Authenticator) -> list[Route]:
    operations = Operations(edge, authenticator)
    return [
        _route(gate, as_problem, "/healthz", GET=Open(handler=operations.healthz)),
        _route(gate, as_problem, "/readyz", GET=Open(handler=operations.readyz)),
        _route(gate, as_problem, "/metrics", GET=Open(handler=operations.metrics)),
    ]


def _route(gate: Gate, form: FailureForm, path: str, **methods: Operation) -> Route:
    return Route(path, Resource(gate, form, methods))


async def _unknown_path(request: Request, exc: Exception) -> Response:
    form = _form_at(request.url.path)
    return form(UNKNOWN_PATH, correlation_of(request.scope))


def _form_at(path: str) -> FailureForm:
    """How an unknown path says no: as the API that its user took it for."""
    if f"{path}/".startswith(V2 + "/"):
        return as_wire_error
    return as_problem if f"{path}/".startswith(NATIVE + "/") else as_foreign_error
