"""Send outgoing HTTP requests; answers are bounded, or streamed and never held whole."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf

import anyio
import httpx

from stenolog.egress.failures import RequestTrace, httpcore_errors
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.hops import Hop, is_redirect, set_timeouts
from stenolog.egress.resolving import Resolve, Resolver, asked_for, system_resolve
from stenolog.egress.streamed import StreamedAnswer, header_map
from stenolog.egress.transport import CONNECTIONS_MAX, REQUEST_TRACE, GuardedTransport
from stenolog.egress.urls import Headers, checked_headers
from stenolog.errors import EgressFailed, PayloadTooLarge

USER_AGENT = "stenolog"
REDIRECTS_MAX = 20  # for audio, which a dozen counters stand before; nothing else follows any


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer.

    Attributes:
        status: Its HTTP status, whatever it is: no status is an error here.
        headers: Lower-case names; values of a repeated name are joined by a comma.
        body: Its bytes as they came: no coding is asked for, none is undone.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Egress:
    """Makes every outgoing request; one per address policy, closed once by its owner.

    It never uses a proxy, an environment variable, a retry, an address that was not checked, or a
    cookie beyond the fetch in which it was set.
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
        request = Hop(method, url, self._checked(headers), content).request()
        request_trace: RequestTrace = request.extensions[REQUEST_TRACE]
        set_timeouts(request, timeout_ms)
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
        asker: str = "",
    ) -> AsyncIterator[StreamedAnswer]:
        """Ask, follow at most `redirects_max` redirects, and give the answer to read in pieces.

        `timeout_ms` ends with the last byte read; `idle_ms` is the longest wait for any one piece.
        With `redirects_max` 0 a redirect is an answer. Each hop is checked like the first; a hop
        to another origin gets none of the caller's headers that could be secrets, and each host
        gets the cookies that it has set on the way. Leaving the block closes the connection,
        however much of the body was read. Names are looked up at `asker`'s expense.

        Raises:
            ForbiddenAddress: A hop leads where it may not.
            EgressFailed: No answer, too many redirects, or (from `chunks`) an incomplete body.
        """
        assert redirects_max == 0 or method in ("GET", "HEAD"), "only a read may be redirected"
        assert 0 <= redirects_max <= REDIRECTS_MAX
        deadline = anyio.current_time() + timeout_ms / 1000
        with asked_for(asker):
            response, request_trace = await self._follow(
                Hop(method, url, self._checked(headers), content),
                redirects_max=redirects_max,
                deadline=deadline,
                idle_ms=min(idle_ms or timeout_ms, timeout_ms),
            )
        try:
            yield StreamedAnswer(response, request_trace, deadline=deadline)
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()

    @property
    def resolver(self) -> Resolver:
        """What looks names up, with its counts."""
        return self._transport.resolver

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    def _checked(self, headers: Iterable[tuple[str, str]]) -> Headers:
        return checked_headers(headers, user_agent=self._user_agent)

    async def _follow(
        self, hop: Hop, *, redirects_max: int, deadline: float, idle_ms: int
    ) -> tuple[httpx.Response, RequestTrace]:
        """Return the first answer that is no redirect, or a redirect that may not be followed."""
        for number in range(redirects_max + 1):
            request = hop.request()
            request_trace: RequestTrace = request.extensions[REQUEST_TRACE]
            set_timeouts(request, idle_ms)
            with httpcore_errors(request_trace), anyio.fail_after(deadline - anyio.current_time()):
                response = await self._transport.handle_async_request(request)
            if redirects_max == 0 or not is_redirect(response):
                return response, request_trace
            await response.aclose()
            if number < redirects_max:
                hop.move(response)
        raise EgressFailed(f"more than {redirects_max} redirects", sent=True)


async def _read(response: httpx.Response, request_trace: RequestTrace, bytes_max: int) -> bytes:
    """Return the whole body, at most `bytes_max` of it."""
    answer = StreamedAnswer(response, request_trace, deadline=inf)
    try:
        return b"".join([chunk async for chunk in answer.chunks(bytes_max)])
    except PayloadTooLarge as exc:
        raise EgressFailed(f"the answer is over {bytes_max} bytes", sent=True) from exc
