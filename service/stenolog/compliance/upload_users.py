"""Count which transcriptions still need an upload, by asking the views."""

from __future__ import annotations

import asyncio
from typing import Protocol

from stenolog.errors import StoreUnavailable
from stenolog.projections.views import ViewReader

VIEWS_WAIT_MS_MAX = 2_000  # then the reconciler asks again


class Following(Protocol):
    """Views that follow the log; `projections/run/projector` keeps this promise."""

    async def wait_projected(self, position: int) -> None:
        """Return once the views hold everything up to `position`."""
        ...


class UsersInViews:
    """Counts the transcriptions that need an upload, once the views have followed far enough."""

    def __init__(self, views: ViewReader, following: Following) -> None:
        self._views = views
        self._following = following

    async def users_of(self, upload: str, *, as_of: int) -> int:
        """Wait for the views, not for long, and count.

        Raises:
            StoreUnavailable: The views are behind `as_of`.
        """
        try:
            async with asyncio.timeout(VIEWS_WAIT_MS_MAX / 1000):
                await self._following.wait_projected(as_of)
        except TimeoutError as exc:
            raise StoreUnavailable("the views are behind: it is not known who uses it") from exc
        use = await self._views.upload_use(upload)
        if use.position < as_of:
            raise StoreUnavailable("the views were made anew: it is not known who uses it")
        return use.users
