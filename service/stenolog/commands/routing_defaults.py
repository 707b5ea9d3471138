"""Check where what a key or a tenant asks for is to be transcribed, and by whom."""

from __future__ import annotations

from collections.abc import Sequence

from stenolog.errors import InvalidRequest
from stenolog.log.events.vocabulary import ProviderName, Region


def checked_region(field: str, asked: str | None, offered: Sequence[Region]) -> Region | None:
    """Return the region that was asked for; None when none was.

    Raises:
        InvalidRequest: It is not one that the gateway offers.
    """
    if asked is None:
        return None
    for region in offered:
        if region == asked:
            return region
    known = ", ".join(offered)
    problem = f"must be one of: {known}" if known else "cannot be set: no provider here has regions"
    raise InvalidRequest(f"{field} {problem}", [(field, problem)])


def checked_provider(
    field: str, asked: str | None, offered: Sequence[ProviderName]
) -> ProviderName | None:
    """Return the provider that was asked for; None when none was.

    Raises:
        InvalidRequest: It is not configured.
    """
    if asked is None:
        return None
    for provider in offered:
        if provider == asked:
            return provider
    problem = f"must be one of: {', '.join(offered)}"
    raise InvalidRequest(f"{field} {problem}", [(field, problem)])


def checked_providers(
    field: str, asked: Sequence[str], offered: Sequence[ProviderName]
) -> tuple[ProviderName, ...]:
    """Return the providers that were asked for, in this order.

    Raises:
        InvalidRequest: One is not configured, or is named twice.
    """
    if len(set(asked)) < len(asked):
        problem = "must name each provider once"
        raise InvalidRequest(f"{field} {problem}", [(field, problem)])
    found = (checked_provider(field, one, offered) for one in asked)
    return tuple(one for one in found if one is not None)
