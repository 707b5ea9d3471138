"""Check the URL and headers of an outgoing request before it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

import httpx

from stenolog.egress.failures import httpx_errors
from stenolog.egress.guard import DEFAULT_PORTS
from stenolog.errors import EgressFailed, ForbiddenAddress
from stenolog.host_names import ascii_host

URL_CHARS_MAX = 16_384  # signed URLs are long; servers refuse far shorter ones
PORT_MAX = 65_535
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
# RFC 9110, 5.5: visible characters, with blanks between them but not around them, and no tabs.
VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
AFTER_AUTHORITY = re.compile(r"[^:/?#]+://[^/?#]*([^#]*)")  # RFC 3986, appendix B
URI_CHARACTERS = "!#$%&'()*+,/:;=?@[]"  # RFC 3986, 2: besides letters, digits and -._~
# Kept when a redirect leads to another origin; whatever else a caller sent may be a secret.
HARMLESS_HEADERS = frozenset({"accept", "accept-encoding", "range", "user-agent"})

# They say where a message ends or belong to the connection: they are ours to send.
FORBIDDEN_HEADERS = frozenset(
    {
        "connection",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

Headers = tuple[tuple[str, str], ...]


def checked_url(text: str) -> httpx.URL:
    """Return the URL, when it is one that may be asked.

    Raises:
        ForbiddenAddress: It is not http or https, its host can be none, it has a user name or
            password, an impossible port, half characters, or is too long.
    """
    if len(text) > URL_CHARS_MAX:
        raise ForbiddenAddress(f"the URL is longer than {URL_CHARS_MAX} characters")
    with httpx_errors():
        url = httpx.URL(text).copy_with(fragment=None)
        if url.scheme not in DEFAULT_PORTS:
            raise ForbiddenAddress("the URL is neither http nor https")
        # Never `url.host`: it decodes A-labels, and fails where it is read.
        host = url.raw_host.decode("ascii")
        if url.userinfo:
            raise ForbiddenAddress("the URL has a user name or a password")
        if url.port is not None and not 1 <= url.port <= PORT_MAX:
            raise ForbiddenAddress("the URL has an impossible port")
    try:
        ascii_host(host)
    except ValueError as exc:
        raise ForbiddenAddress(f"the URL is not valid: {exc}") from exc
    return url


def request_target(text: str) -> bytes:
    """Return the path and query of a URL that was checked, as they were given: nothing is resolved.

    What a URI cannot hold, blanks and line breaks above all, is percent-encoded.
    """
    found = AFTER_AUTHORITY.match(text)
    assert found is not None, "not a checked URL"
    with httpx_errors():
        given = quote(found[1], safe=URI_CHARACTERS)
    return (given if given.startswith("/") else f"/{given}").encode("ascii")


def checked_headers(headers: Iterable[tuple[str, str]], *, user_agent: str) -> Headers:
    """Return the caller's headers as they go out, with ours where the caller gave none.

    No encoding is ever accepted: an answer's size on the wire is its size.

    Raises:
        EgressFailed: A name is not a token or is about the connection, or a value has characters
            that a header cannot have.
    """
    given = tuple(headers)
    for name, value in given:
        fits = TOKEN.fullmatch(name) and VALUE.fullmatch(value)
        if not fits or name.lower() in FORBIDDEN_HEADERS:
            raise EgressFailed(f"the header {name[:64]!r} cannot be sent", sent=False, ours=True)
    names = {name.lower() for name, _ in given}
    ours = (("user-agent", user_agent), ("accept", "*/*"))
    kept = tuple(pair for pair in given if pair[0].lower() != "accept-encoding")
    added = tuple(pair for pair in ours if pair[0] not in names)
    return (*kept, *added, ("accept-encoding", "identity"))


def headers_after_redirect(headers: Headers, before: httpx.URL, after: httpx.URL) -> Headers:
    """Return the headers for the next hop: all on the same origin, else the harmless ones."""
    if _origin(before) == _origin(after):
        return headers
    return tuple(pair for pair in headers if pair[0].lower() in HARMLESS_HEADERS)


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port or DEFAULT_PORTS.get(url.scheme)
