"""The gateway with a projector that is late: `python -m tests.sdk.slow_projector`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, cast

from stenolog.bootstrap.serving import serve
from stenolog.bootstrap.stores import Wrapping
from stenolog.config.settings import load_settings
from stenolog.stores.sqlite.views.store import SqliteViews

LATE_S = 2.0


class LateViews:
    """Views whose every change comes two seconds late."""

    def __init__(self, views: SqliteViews) -> None:
        self._views = views

    def __getattr__(self, name: str) -> Any:
        return getattr(self._views, name)

    async def advance(self, *args: Any, **kwargs: Any) -> None:
        await asyncio.sleep(LATE_S)
        await self._views.advance(*args, **kwargs)


def main(arguments: list[str]) -> None:
    _, port, _, data_dir = arguments
    settings = load_settings(port=int(port), data_dir=Path(data_dir))
    wrapping = Wrapping(views=lambda views: cast("SqliteViews", LateViews(views)))
    asyncio.run(serve(settings, wrapping=wrapping))


if __name__ == "__main__":
    main(sys.argv[1:])
