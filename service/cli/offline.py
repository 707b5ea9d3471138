"""Working on a data directory while no service runs on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from service.bootstrap.identity import open_master_key
from service.bootstrap.lost_files import refuse_lost_keys
from service.cli.client import DEFAULT_URL, service_url
from service.clock import now_ms
from service.compliance.vault import MasterKey, Vault
from service.config import Settings
from service.errors import CannotStart
from service.projections.projector import Projector
from service.stores.files.directory import KEYS, LOG, VIEWS, locked, running
from service.stores.sqlite.keys import SqliteKeys
from service.stores.sqlite.log import SqliteLog
from service.stores.sqlite.views import SqliteViews


def is_stopped(settings: Settings) -> bool:
    """Whether the data directory is here and nobody has locked it.

    A service that was named with `--url` and is somewhere else is none of our business.
    """
    here = (settings.data_dir / KEYS).is_file()
    return here and running(settings.data_dir) is None


def needs_service(settings: Settings) -> CannotStart:
    """What to say when there is neither a service nor a data directory."""
    at = service_url(settings)
    where = "" if at == DEFAULT_URL else f" at {at}"
    return CannotStart(
        f"no service answers{where} and there is no data directory {settings.data_dir}: start one "
        "with `stenolog serve`, or name it with --data-dir or --url"
    )


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
