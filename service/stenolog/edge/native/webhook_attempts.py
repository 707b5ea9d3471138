"""Answer what came of a transcription's own webhook, and have it called once more."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.resource import Lookup
from stenolog.edge.loops import Pushing
from stenolog.edge.native.paging import page_answer


class WebhookAttempts:
    """Shows the webhook that the transcription's request names, whatever endpoints there are."""

    def __init__(self, pushing: Pushing, require: Lookup) -> None:
        """`require` raises `NotFound` unless the transcription is the caller's."""
        self._pushing = pushing
        self._require = require

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with every attempt that is still known, the oldest first."""
        await self._require(request, caller)
        found = await self._pushing.attempts_at_webhook(request.path_params["id"])
        reason = "no_webhook" if found is None else None
        return page_answer([orjson.dumps(one) for one in found or ()], None, reason=reason)

    async def resend(self, request: Request, caller: ApiKey) -> Response:
        """202: the outcome is sent again, under the same id, with all attempts from the first."""
        await self._require(request, caller)
        made = await self._pushing.resend(
            request.path_params["id"], actor=caller.id, correlation_id=correlation_of(request.scope)
        )
        return Response(orjson.dumps(made), status_code=202, media_type="application/json")
