"""Refuse a webhook that could never be called, while its sender still looks."""

from __future__ import annotations

from collections.abc import Callable

from stenolog.errors import InvalidRequest

RefusedHost = Callable[[str], tuple[str, str] | None]
"""The host and the network to allow of a URL that leads to no allowed address; None for others."""
ALLOWING = "STENOLOG_ALLOW_NETWORKS"


def refusal_of(url: str, refused_host: RefusedHost) -> str | None:
    """Say why the gateway may never call this URL, and which setting would allow it; None: it may.

    Names are not looked up.
    """
    refused = refused_host(url)
    if refused is None:
        return None
    host, network = refused
    return (
        f"leads to {host}, which is no public address: this gateway calls it only when its "
        f"operator sets {ALLOWING}={network}"
    )


def refuse_unreachable(webhook_url: str | None, refused_host: RefusedHost) -> None:
    """Return unless the URL names an address that the gateway may not call.

    Raises:
        InvalidRequest: It does; the message names the setting that would allow it.
    """
    problem = None if webhook_url is None else refusal_of(webhook_url, refused_host)
    if problem is not None:
        raise InvalidRequest(f"webhook_url {problem}", [("webhook_url", problem)])
