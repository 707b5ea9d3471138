"""Answer /api/v1/projections: how far the views are; build them again on request."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.unknown_names import refuse_unknown
from stenolog.edge.loops import Rebuild
from stenolog.edge.ports import ProjectionStatuses
from stenolog.wire.strict_json import parse_object

BODY_BYTES_MAX = 1_024


class Projections:
    """For operators: views hold all tenants together, and these answers name none of them."""

    def __init__(self, statuses: ProjectionStatuses, rebuild: Rebuild) -> None:
        self._statuses = statuses
        self._rebuild = rebuild

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with every projection; the list has one page."""
        items = [
            {
                "name": one.name,
                "version": one.version,
                "position": one.position,
                "failures": one.failures,
                "rebuilding": one.rebuilding,
            }
            for one in await self._statuses()
        ]
        return Response(orjson.dumps({"items": items, "next": None}), media_type="application/json")

    async def rebuild(self, request: Request, caller: ApiKey) -> Response:
        """202: it will be done beside what is in view, after a crash too."""
        async with whole_body(request, bytes_max=BODY_BYTES_MAX) as body:
            if body.strip():
                refuse_unknown(parse_object(body, bytes_max=BODY_BYTES_MAX), (), "member")
        names = await self._rebuild(request.path_params["name"])
        return Response(
            orjson.dumps({"projections": list(names)}),
            status_code=202,
            media_type="application/json",
        )
