"""Working on a data directory while no service runs on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from stenolog.bootstrap.identity import open_master_key
from stenolog.bootstrap.lost_files import refuse_lost_keys
from stenolog.cli.client import ServiceClient
from stenolog.clock import now_ms
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.vault import Vault
from stenolog.config import Settings
from stenolog.errors import CannotStart, EgressFailed
from stenolog.projections.run.projector import Projector
from stenolog.stores.files.directory import KEYS, LOG, VIEWS, locked, running
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.views.store import SqliteViews

Result = TypeVar("Result")


async def by_service_or_hand(
    settings: Settings,
    ask: Callable[[ServiceClient], Awaitable[Result]],
    by_hand: Callable[[], Awaitable[Result]],
) -> Result:
    """What the service answers; while none runs on the data directory, what is done there by hand.

    A directory whose service is stopped is not looked for at the default address: whoever listens
    there is another one, and would be shown this one's key. A service that was named and is on
    another machine has its data there: then nothing is done by hand.

    Raises:
        EgressFailed: The service that was named does not answer, or there is none.
    """
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
    """Whether the data directory is here and nobody has locked it."""
    return (settings.data_dir / KEYS).is_file() and running(settings.data_dir) is None


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextlib.asynccontextmanager
async def open_keys(settings: Settings) -> AsyncIterator[SqliteKeys]:
    """The keys, with the directory locked.

    Raises:
        DataDirectoryLocked: A gateway runs on it after all.
    """
    with locked(settings.data_dir):
        keys = await SqliteKeys.open(settings.data_dir / KEYS)
        try:
            yield keys
        finally:
            await keys.close()


@contextlib.asynccontextmanager
async def open_projector(settings: Settings) -> AsyncIterator[tuple[Projector, SqliteViews]]:
    """A projector and its views, with the directory locked.

    Raises:
        DataDirectoryLocked: A gateway runs on it after all.
        CannotStart: The master key is not here, or `log.db` or `keys.db` was lost.
    """
    if not (settings.data_dir / LOG).is_file():
        raise CannotStart(f"there is no log in {settings.data_dir}: restore DATA_DIR/{LOG}")
    async with contextlib.AsyncExitStack() as stack:
        keys = await stack.enter_async_context(open_keys(settings))
        log = await SqliteLog.open(settings.data_dir / LOG)
        stack.push_async_callback(log.close)
        await refuse_lost_keys(keys, log)
        secret, _ = await open_master_key(settings, keys)
        views = await SqliteViews.open(settings.data_dir / VIEWS)
        stack.push_async_callback(views.close)
        projector = Projector(
            log_store=log, sealer=Vault(MasterKey(secret), keys), views=views, now_ms=now_ms
        )
        stack.push_async_callback(projector.close)
        yield projector, views
