"""What a request's URLs may be: http or https, with a host that can exist, and no password."""

from __future__ import annotations

import re

from stenolog.host_names import ascii_host
from stenolog.wire.assemblyai.parameters import URL_CHARS_MAX

PORT_MAX = 65_535
HTTP = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)  # RFC 3986, appendix B
# RFC 3986, 3.2, without a user; a port of five digits, after any zeros.
AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::(?:0*([0-9]{1,5}))?)?")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def url_complaint(name: str, url: object, not_http: str) -> str | None:
    """Return what is wrong with the URL that is given as parameter `name`; None: nothing.

    `not_http` is the sentence for what is no http or https URL at all.
    """
    if not isinstance(url, str):
        return not_http
    if len(url) > URL_CHARS_MAX:
        return f"{name} must be at most {URL_CHARS_MAX} characters"
    if url != url.strip():
        return f"{name} must not begin or end with a blank"
    found = HTTP.match(url)
    if found is None:
        return not_http
    if UNPRINTABLE.search(url):
        return f"{name} must not have control characters or half characters"
    if "@" in found[1]:
        return f"{name} must not have a user name or a password"
    authority = AUTHORITY.fullmatch(found[1])
    if authority is None:
        return f"{name} must have a valid host: it is not of the form host or host:port"
    try:
        ascii_host(authority[1])
    except ValueError as exc:
        return f"{name} must have a valid host: {exc}"
    if authority[2] and not 1 <= int(authority[2]) <= PORT_MAX:
        return f"{name} must have a port from 1 to {PORT_MAX}, or none"
    return None
