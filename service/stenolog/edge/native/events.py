"""Answer /api/v1/transcripts/{id}/events: one transcription's events, as the log has them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.paging import page_answer, page_query
from stenolog.edge.ports import StoredEvents
from stenolog.edge.transcriptions.reading import Reading


class Events:
    """Shows private types as well, and no payloads; it reads the log, so it never lags.

    Each is shown byte for byte as it was hashed, also where a later version gave events another
    shape: whoever has a proof can compute the leaf.
    """

    def __init__(self, reading: Reading, events: StoredEvents, cursors: Cursors) -> None:
        self._reading = reading
        self._events = events
        self._cursors = cursors

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page, oldest first; `after` stands for a version."""
        query = page_query(request.query_params, self._cursors)
        transcription_id = request.path_params["id"]
        await self._reading.require(caller.tenant, transcription_id)
        after = query.after or 0
        found = await self._events.stored(
            stream_of(transcription_id), after=after, limit=query.limit + 1
        )
        more = len(found) > query.limit
        following = self._cursors.of_number(after + query.limit) if more else None
        return page_answer(found[: query.limit], following)
