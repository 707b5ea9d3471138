"""Decide whether a command asks the running service or works on the data directory itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from stenolog.cli.client import ServiceClient
from stenolog.config.settings import Settings
from stenolog.errors import EgressFailed
from stenolog.stores.files.directory import KEYS, running

Result = TypeVar("Result")


async def by_service_or_hand(
    settings: Settings,
    ask: Callable[[ServiceClient], Awaitable[Result]],
    by_hand: Callable[[], Awaitable[Result]],
) -> Result:
    """Ask the running service, or do it by hand while none runs on the data directory.

    A directory whose service is stopped is not looked for at the default address: whoever listens
    there is another one, and would be shown this one's key. A service that was named and is on
    another machine has its data there: then nothing is done by hand.

    Raises:
        BadSetting: A service answers where one was named, and there is no key for it.
        EgressFailed: The service that was named does not answer, or there is none.
    """
    # DECISIONS 60: never the default address for a directory that is here.
    if settings.url is None and _is_stopped(settings):
        return await by_hand()
    try:
        async with ServiceClient(settings) as client:
            return await ask(client)
    except EgressFailed:
        if not (_is_stopped(settings) and (settings.url is None or _is_here(settings.url))):
            raise
    return await by_hand()


def _is_stopped(settings: Settings) -> bool:
    """Tell whether the data directory is here and nobody has locked it."""
    return (settings.data_dir / KEYS).is_file() and running(settings.data_dir) is None


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
