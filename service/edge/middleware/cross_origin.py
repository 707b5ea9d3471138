"""Pages of other origins may call us from a browser, where the operator named these origins."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

METHODS = ("GET", "HEAD", "POST", "DELETE")
MAY_SEND = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "Stenolog-Provider",
    "Stenolog-Region",
    "Stenolog-Subject",
    "Stenolog-Metadata",
)
MAY_READ = ("Idempotent-Replayed", "Location", "Retry-After", "X-Correlation-Id")
PREFLIGHT_SECONDS = 600  # a browser asks again after that; what was taken back is refused by then


def cross_origin(origins: Sequence[str]) -> list[Middleware]:
    """What answers preflights and marks answers; nothing for no origins.

    A page shows its key in a header that it sends itself: no cookies, so no credentials.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=METHODS,
            allow_headers=MAY_SEND,
            expose_headers=MAY_READ,
            max_age=PREFLIGHT_SECONDS,
        )
    ]
