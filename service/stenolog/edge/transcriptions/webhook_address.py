"""Refuse a webhook that could never be called, while its sender still looks."""

from __future__ import annotations

from collections.abc import Callable

from stenolog.errors import InvalidRequest

RefusedHost = Callable[[str], tuple[str, str] | None]
"""The host and the network to allow of a URL that leads to no allowed address; None for others."""
ALLOWING = "STENOLOG_ALLOW_NETWORKS"


def refuse_unreachable(webhook_url: str | None, refused_host: RefusedHost) -> None:
    """Return unless the URL names an address that the gateway may not call.

    Raises:
        InvalidRequest: It does; the message names the setting that would allow it.
    """
    refused = None if webhook_url is None else refused_host(webhook_url)
    if refused is not None:
        host, network = refused
        problem = (
            f"leads to {host}, which is no public address: this gateway calls it only when its "
            f"operator sets {ALLOWING}={network}"
        )
        raise InvalidRequest(f"webhook_url {problem}", [("webhook_url", problem)])
