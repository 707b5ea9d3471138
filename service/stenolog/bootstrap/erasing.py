"""Erasure and the lifetime of uploads, put together over the stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial

from stenolog.bootstrap.stores import Stores
from stenolog.clock import now_ms
from stenolog.commands.handler import CommandHandler
from stenolog.compliance.erasure import Eraser
from stenolog.compliance.upload_lifetime import UploadLifetime, sweep_once
from stenolog.errors import StoreUnavailable
from stenolog.projections.run.projector import Projector
from stenolog.projections.views import ViewReader

VIEWS_WAIT_MS_MAX = 2_000  # then the reconciler asks again
SWEEP_MS_MIN, SWEEP_MS_MAX = 1_000, 600_000
SWEEPS_PER_RETENTION = 4


class UsersInViews:
    """Who needs an upload, once the views have followed the log far enough."""

    def __init__(self, views: ViewReader, projector: Projector) -> None:
        self._views = views
        self._projector = projector

    async def users_of(self, upload: str, *, as_of: int) -> int:
        """Waits for the projector, not for long.

        Raises:
            StoreUnavailable: The views are behind `as_of`.
        """
        try:
            async with asyncio.timeout(VIEWS_WAIT_MS_MAX / 1000):
                await self._projector.wait_projected(as_of)
        except TimeoutError as exc:
            raise StoreUnavailable("the views are behind: it is not known who uses it") from exc
        use = await self._views.upload_use(upload)
        if use.position < as_of:
            raise StoreUnavailable("the views were made anew: it is not known who uses it")
        return use.users


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Erasure over the stores.

    Attributes:
        sweep: Removes uploads that nobody needs, until cancelled.
    """

    eraser: Eraser
    sweep: Callable[[], Coroutine[None, None, None]]


def erasing_over(
    stores: Stores, handler: CommandHandler, projector: Projector, retention_ms: int
) -> Erasing:
    """Erasure, and the lifetime of uploads, over these stores."""
    uploads = UploadLifetime(
        events=stores.events,
        handler=handler,
        keys=stores.vault,
        files=stores.uploads,
        users=UsersInViews(stores.views, projector),
        retention_ms=retention_ms,
        now_ms=now_ms,
    )
    return Erasing(
        eraser=Eraser(stores.vault, projector, uploads),
        sweep=partial(keep_swept, uploads, retention_ms),
    )


async def keep_swept(uploads: UploadLifetime, retention_ms: int) -> None:
    """Remove uploads that nobody needs, until cancelled."""
    wait_ms = min(SWEEP_MS_MAX, max(SWEEP_MS_MIN, retention_ms // SWEEPS_PER_RETENTION))
    while True:
        await sweep_once(uploads)
        await asyncio.sleep((SWEEP_MS_MIN if uploads.in_mid_round else wait_ms) / 1000)
