"""Answer probes and metrics: is it alive, can it serve, what has it counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.edge.access.authentication import Authenticator, require
from stenolog.edge.http.problems import RETRY_AFTER_SECONDS
from stenolog.edge.http.resource import authorization_of
from stenolog.edge.ports import EdgeMetrics, Readiness
from stenolog.errors import RequestError, StoreError

DETAIL_SCOPE = "ops:read"
DETAIL_MS_MAX = 300  # for finding out who asks, of the second within which a probe is answered


class Operations:
    """Needs no key; details of `/readyz` are shown only to a key with `ops:read`."""

    def __init__(
        self,
        readiness: Callable[[], Awaitable[Readiness]],
        metrics: EdgeMetrics,
        authenticator: Authenticator,
    ) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._authenticator = authenticator
        self._exposed: tuple[bytes, str] | None = None

    async def healthz(self, request: Request) -> Response:
        """200 while the process answers at all."""
        return _status("alive", {})

    async def readyz(self, request: Request) -> Response:
        """200 when the stores answer and the loops go on, else 503 with the names of what fails."""
        readiness = await self._readiness()
        detail: dict[str, object] = {}
        if readiness.failing:
            detail["failing"] = readiness.failing
        if await self._may_see(request):
            detail |= {"checks": readiness.checks, "figures": self._metrics.figures()}
        if not readiness.failing:
            return _status("ready", detail)
        answer = _status("unavailable", detail, code=503)
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer

    async def metrics(self, request: Request) -> Response:
        """Prometheus' text format."""
        if self._exposed is None:
            self._exposed = self._metrics.exposition()
            # Requests of the same turn share it: it takes longer than all else that they need.
            asyncio.get_running_loop().call_soon(self._forget)
        body, media_type = self._exposed
        return Response(body, headers={"Content-Type": media_type})

    def _forget(self) -> None:
        self._exposed = None

    async def _may_see(self, request: Request) -> bool:
        try:
            async with asyncio.timeout(DETAIL_MS_MAX / 1000):
                require(
                    await self._authenticator.caller(authorization_of(request)),
                    DETAIL_SCOPE,
                )
        except (RequestError, StoreError, TimeoutError):
            return False
        return True


def _status(status: str, detail: Mapping[str, object], *, code: int = 200) -> Response:
    return Response(
        orjson.dumps({"status": status, **detail}),
        status_code=code,
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )
