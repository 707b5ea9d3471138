"""Judge by addresses alone whether a provider can call us."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_unreachable(public_url: str, provider_url: str) -> bool:
    """Tell whether `public_url` is private and the provider's address is not.

    Judged by the literal alone: no name is looked up.
    """
    return _is_private(public_url) and not _is_private(provider_url)


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False
