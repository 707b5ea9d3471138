"""Answer /api/v1/transcripts/{id}/events: one transcription's events, as the log has them."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.paging import page_answer, page_query
from stenolog.edge.transcriptions.reading import Reading
from stenolog.log.store import EventStore


class Events:
    """Shows private types as well, and no payloads; it reads the log, so it never lags."""

    def __init__(self, reading: Reading, events: EventStore, cursors: Cursors) -> None:
        self._reading = reading
        self._events = events
        self._cursors = cursors

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page, oldest first; `after` stands for a version."""
        query = page_query(request.query_params, self._cursors)
        transcription_id = request.path_params["id"]
        await self._reading.require(caller.tenant, transcription_id)
        found = await self._events.read_stream(
            stream_of(transcription_id), after=query.after or 0, limit=query.limit + 1
        )
        shown = found[: query.limit]
        items = [orjson.dumps(event.envelope()) for event in shown]
        following = self._cursors.of_number(shown[-1].version) if len(found) > query.limit else None
        return page_answer(items, following)
