"""Answer /api/v1/providers: who can be asked for what, and who is configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey


class Providers:
    """The table of providers; it is what the settings say, and changes with a start only."""

    def __init__(self, items: Sequence[Mapping[str, object]]) -> None:
        """`items` are JSON values."""
        self._items = items

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with every provider; the list has one page."""
        body = orjson.dumps({"items": self._items, "next": None})
        return Response(body, media_type="application/json")
