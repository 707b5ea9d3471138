"""Run httpx over httpcore's pool, whose connections go through the guard."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from functools import cache

import httpcore
import httpx

from stenolog.egress.failures import RequestTrace, httpcore_errors
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.network import GuardedBackend
from stenolog.egress.resolving import Resolve, Resolver, system_resolve

CONNECTIONS_MAX = 100  # as many as httpx's own default
KEEPALIVE_MAX = 20
KEEPALIVE_S = 4.0  # below the 5 s after which common servers close, so that we close first
TARGET = "target"  # httpcore's request extension: the path and query exactly as they are sent
REQUEST_TRACE = "stenolog.request_trace"  # request extension: where `RequestTrace` travels


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 to public addresses and to what the policy allows; no proxy, no retry.

    Attributes:
        resolver: What looks names up for it.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        connections_max: int = CONNECTIONS_MAX,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
    ) -> None:
        self.resolver = Resolver(resolve)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or _bundled_authorities(),
            max_connections=connections_max,
            max_keepalive_connections=min(KEEPALIVE_MAX, connections_max),
            keepalive_expiry=KEEPALIVE_S,
            http1=True,
            http2=False,
            retries=0,
            network_backend=GuardedBackend(policy, self.resolver),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is read by who asked for it.

        Raises:
            ForbiddenAddress: The host leads where it may not.
            EgressFailed: No answer.
        """
        request_trace = request.extensions.get(REQUEST_TRACE) or RequestTrace()
        url = request.url
        with httpcore_errors(request_trace):
            answer = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={**request.extensions, "trace": request_trace.trace},
                )
            )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer, request_trace),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        with httpcore_errors(RequestTrace()):
            await self._pool.aclose()


@cache
def _bundled_authorities() -> ssl.SSLContext:
    """Read once in a process: it takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)


class _Body(httpx.AsyncByteStream):
    """An answer's body; its errors are ours."""

    def __init__(self, answer: httpcore.Response, request_trace: RequestTrace) -> None:
        self._answer = answer
        self._request_trace = request_trace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with httpcore_errors(self._request_trace):
            async for chunk in self._answer.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        with httpcore_errors(self._request_trace):
            await self._answer.aclose()
