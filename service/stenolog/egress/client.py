"""Send outgoing HTTP requests; answers are bounded, or streamed and never held whole."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf

import anyio
import httpx

from stenolog.egress.failures import RequestTrace, httpcore_errors, httpx_errors
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.network import Resolve, system_resolve
from stenolog.egress.streamed import StreamedAnswer, header_map
from stenolog.egress.transport import CONNECTIONS_MAX, REQUEST_TRACE, TARGET, GuardedTransport
from stenolog.egress.urls import (
    Headers,
    checked_headers,
    checked_url,
    headers_after_redirect,
    request_target,
)
from stenolog.errors import EgressFailed, PayloadTooLarge

USER_AGENT = "stenolog"
CONNECT_MS_MAX = 10_000  # the provider's own limit for a whole callback; a connection takes less
REDIRECTS_MAX = 5  # for audio; nothing else follows any
METHOD = re.compile("[A-Z]{1,16}")
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer.

    Attributes:
        status: Its HTTP status, whatever it is: no status is an error here.
        headers: Lower-case names; values of a repeated name are joined by a comma.
        body: Its bytes as they came: no encoding is asked for, none is undone.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Egress:
    """Makes every outgoing request; one per address policy, closed once by its owner.

    It never uses a proxy, an environment variable, a cookie, a retry, or an address that was not
    checked.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        user_agent: str = USER_AGENT,
        connections_max: int = CONNECTIONS_MAX,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
    ) -> None:
        """`tls` replaces the bundled authorities, `resolve` the system's names."""
        self._transport = GuardedTransport(
            policy, connections_max=connections_max, tls=tls, resolve=resolve
        )
        self._user_agent = user_agent

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        content: bytes | AsyncIterator[bytes] | None = None,
        timeout_ms: int,
        answer_bytes_max: int,
    ) -> Answer:
        """Ask once and read the whole answer; a redirect is an answer.

        `timeout_ms` covers everything: name, connection, sending and the last byte. An iterator
        is sent chunked unless `headers` has a Content-Length.

        Raises:
            ForbiddenAddress: The URL or its address is not allowed; nothing was sent.
            EgressFailed: No complete answer, or one over `answer_bytes_max`; `sent` says whether
                the request may have reached the other side.
        """
        asked, target = checked_url(url), request_target(url)
        request = _build(
            method, asked, target, checked_headers(headers, user_agent=self._user_agent), content
        )
        request_trace: RequestTrace = request.extensions[REQUEST_TRACE]
        _set_timeouts(request, timeout_ms)
        with httpcore_errors(request_trace):
            with anyio.fail_after(timeout_ms / 1000):
                response = await self._transport.handle_async_request(request)
                try:
                    body = await _read(response, request_trace, answer_bytes_max)
                finally:
                    # A connection that is not closed here stays in the pool for ever.
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
        return Answer(status=response.status_code, headers=header_map(response), body=body)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        content: bytes | None = None,
        redirects_max: int = 0,
        timeout_ms: int,
        idle_ms: int | None = None,
    ) -> AsyncIterator[StreamedAnswer]:
        """Ask, follow at most `redirects_max` redirects, and give the answer to read in pieces.

        `timeout_ms` ends with the last byte read; `idle_ms` is the longest wait for any one piece.
        With `redirects_max` 0 a redirect is an answer. Each hop is checked like the first, and a
        hop to another origin gets none of the caller's headers that could be secrets. Leaving the
        block closes the connection, however much of the body was read.

        Raises:
            ForbiddenAddress: A hop leads where it may not.
            EgressFailed: No answer, too many redirects, or (from `chunks`) an incomplete body.
        """
        assert redirects_max == 0 or method in ("GET", "HEAD"), "only a read may be redirected"
        assert 0 <= redirects_max <= REDIRECTS_MAX
        deadline = anyio.current_time() + timeout_ms / 1000
        response, request_trace = await self._follow(
            method,
            url,
            checked_headers(headers, user_agent=self._user_agent),
            content,
            redirects_max=redirects_max,
            deadline=deadline,
            idle_ms=min(idle_ms or timeout_ms, timeout_ms),
        )
        try:
            yield StreamedAnswer(response, request_trace, deadline=deadline)
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _follow(
        self,
        method: str,
        first: str,
        headers: Headers,
        content: bytes | None,
        *,
        redirects_max: int,
        deadline: float,
        idle_ms: int,
    ) -> tuple[httpx.Response, RequestTrace]:
        """Return the first answer that is no redirect, or a redirect that may not be followed."""
        url, target = checked_url(first), request_target(first)
        for hop in range(redirects_max + 1):
            request = _build(method, url, target, headers, content)
            request_trace: RequestTrace = request.extensions[REQUEST_TRACE]
            _set_timeouts(request, idle_ms)
            with httpcore_errors(request_trace), anyio.fail_after(deadline - anyio.current_time()):
                response = await self._transport.handle_async_request(request)
            location = response.headers.get("location")
            if redirects_max == 0 or response.status_code not in REDIRECTS or not location:
                return response, request_trace
            await response.aclose()
            if hop < redirects_max:
                before = url
                with httpx_errors():
                    url = checked_url(str(url.join(location)))
                target = url.raw_path
                headers = headers_after_redirect(headers, before, url)
        raise EgressFailed(f"more than {redirects_max} redirects", sent=True)


def _build(
    method: str,
    url: httpx.URL,
    target: bytes,
    headers: Headers,
    content: bytes | AsyncIterator[bytes] | None,
) -> httpx.Request:
    """Return a request with its own note of how far it got."""
    assert METHOD.fullmatch(method), f"not a method: {method}"
    with httpx_errors():
        return httpx.Request(
            method,
            url,
            headers=list(headers),
            content=content,
            extensions={REQUEST_TRACE: RequestTrace(), TARGET: target},
        )


def _set_timeouts(request: httpx.Request, wait_ms: int) -> None:
    """Set how long httpcore may wait for each step; the caller bounds the whole."""
    request.extensions["timeout"] = {
        "connect": min(wait_ms, CONNECT_MS_MAX) / 1000,
        "read": wait_ms / 1000,
        "write": wait_ms / 1000,
        "pool": wait_ms / 1000,
    }


async def _read(response: httpx.Response, request_trace: RequestTrace, bytes_max: int) -> bytes:
    """Return the whole body, at most `bytes_max` of it."""
    answer = StreamedAnswer(response, request_trace, deadline=inf)
    try:
        return b"".join([chunk async for chunk in answer.chunks(bytes_max)])
    except PayloadTooLarge as exc:
        raise EgressFailed(f"the answer is over {bytes_max} bytes", sent=True) from exc
