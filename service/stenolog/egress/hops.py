"""One request of a fetch, and the next after a redirect: URL, headers, cookies, all checked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx

from stenolog.egress.cookies import Cookies
from stenolog.egress.failures import RequestTrace, httpx_errors
from stenolog.egress.transport import REQUEST_TRACE, TARGET
from stenolog.egress.urls import Headers, checked_url, headers_after_redirect, request_target
from stenolog.errors import ForbiddenAddress

CONNECT_MS_MAX = 10_000  # the provider's own limit for a whole callback; a connection takes less
METHOD = re.compile("[A-Z]{1,16}")
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Hop:
    """Where a fetch stands: what is asked now, and what was told on the way."""

    def __init__(
        self,
        method: str,
        url: str,
        headers: Headers,
        content: bytes | AsyncIterator[bytes] | None = None,
    ) -> None:
        """Begin at `url`; `headers` were checked.

        Raises:
            ForbiddenAddress: The URL is none that may be asked.
        """
        assert METHOD.fullmatch(method), f"not a method: {method}"
        self._method = method
        self._url, self._target = checked_url(url), request_target(url)
        self._headers = headers
        self._content = content
        self._cookies = Cookies()

    def request(self) -> httpx.Request:
        """Make the request, with its own note of how far it got."""
        cookie = self._cookies.header_for(self._url)
        with httpx_errors():
            return httpx.Request(
                self._method,
                self._url,
                headers=[*self._headers, *([("cookie", cookie)] if cookie else [])],
                content=self._content,
                extensions={REQUEST_TRACE: RequestTrace(), TARGET: self._target},
            )

    def move(self, response: httpx.Response) -> None:
        """Go where this redirect leads.

        Raises:
            ForbiddenAddress: That is no URL that may be asked.
        """
        told = response.headers
        self._cookies.note(self._url, told.get_list("set-cookie"), told.get("date", ""))
        before = self._url
        try:
            with httpx_errors():
                self._url = checked_url(str(before.join(told["location"])))
                self._target = self._url.raw_path
        except ForbiddenAddress as exc:
            raise ForbiddenAddress(f"a redirect cannot be followed: {exc}") from exc
        self._headers = headers_after_redirect(self._headers, before, self._url)


def is_redirect(response: httpx.Response) -> bool:
    """Tell whether the answer leads elsewhere."""
    return response.status_code in REDIRECTS and bool(response.headers.get("location"))


def set_timeouts(request: httpx.Request, wait_ms: int) -> None:
    """Bound what httpcore may wait for each step; the whole is bounded by its caller."""
    request.extensions["timeout"] = {
        "connect": min(wait_ms, CONNECT_MS_MAX) / 1000,
        "read": wait_ms / 1000,
        "write": wait_ms / 1000,
        "pool": wait_ms / 1000,
    }
