"""List the paths of the documents: openapi.json, its page, and that of the problem types."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.edge.documents.api_page import api_page
from stenolog.edge.documents.errors_page import errors_page
from stenolog.edge.http.cache_headers import tagged
from stenolog.edge.http.problems import ERRORS_PATH
from stenolog.edge.http.resource import Admission, Open, OpenHandler
from stenolog.edge.http.surface import Surface, route

# Nothing runs in these pages, and nothing but their style is loaded.
POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HTML = "text/html; charset=utf-8"
MAX_AGE_S = 300


def surface(admission: Admission) -> Surface:
    """`/openapi.json`, `/docs`, `/docs/errors` and their style, for everybody."""
    at = partial(route, admission, admission.problem)
    return Surface(
        routes=[
            at("/openapi.json", GET=Open(handler=_serving(openapi, "application/json"))),
            at("/docs", GET=Open(handler=_serving(_api_page, HTML))),
            at(ERRORS_PATH, GET=Open(handler=_serving(errors_page, HTML))),
            at("/docs/style.css", GET=Open(handler=_serving(_style, "text/css; charset=utf-8"))),
        ]
    )


def openapi() -> bytes:
    """Return the document, as it came with the package."""
    return _carried("openapi.json")


def _style() -> bytes:
    return _carried("style.css")


def _carried(name: str) -> bytes:
    return files("stenolog.edge.documents").joinpath(name).read_bytes()


def _api_page() -> bytes:
    return api_page(orjson.loads(openapi()))


def _serving(make: Callable[[], bytes], media_type: str) -> OpenHandler:
    """Answer with what `make` makes, once for all."""
    made = cache(make)

    async def answer(request: Request) -> Response:
        body = await asyncio.to_thread(made)
        response = Response(
            body,
            media_type=media_type,
            headers={
                "Content-Security-Policy": POLICY,
                "Referrer-Policy": "no-referrer",
                "X-Frame-Options": "DENY",
            },
        )
        return await tagged(request, response, f"public, max-age={MAX_AGE_S}")

    return answer
