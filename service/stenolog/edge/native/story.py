"""Answer /api/v1/transcripts/{id}/story: what happened to a transcription, for people."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey, ApiKeys
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.loops import ReadableAt
from stenolog.edge.native.accesses import StoredAccesses
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.paging import page_answer, page_query
from stenolog.edge.transcriptions.reading import Reading
from stenolog.log.accesses import AccessQuery
from stenolog.log.event import Event
from stenolog.projections.past.history import PastReader
from stenolog.projections.past.story import API_KEY, OUTCOMES, Step, story_of

INLINE_EVENTS_MAX = 100  # told in some 3 ms
SEES_READS = "compliance:read"
READS_MAX = 200  # the last ones; `stenolog accesses` has all
KEYS_LOOKED_AT_MAX = 200  # of the tenant's, the newest; another one is shown by its id


class Stories:
    """Tells them from the log; nothing of what was said is in them."""

    def __init__(
        self,
        reading: Reading,
        past: PastReader,
        readable_at: ReadableAt,
        keys: ApiKeys,
        accesses: StoredAccesses,
        cursors: Cursors,
    ) -> None:
        self._accesses = accesses
        self._reading = reading
        self._past = past
        self._readable_at = readable_at
        self._keys = keys
        self._cursors = cursors

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page, oldest first; `after` stands for a number of steps.

        Who may not see who reads is not told of reads.
        """
        query = page_query(request.query_params, self._cursors)
        transcription_id = request.path_params["id"]
        await self._reading.require(caller.tenant, transcription_id)
        reads = await self._reads(caller, transcription_id)
        steps = await self.steps(transcription_id, reads)
        begin = query.after or 0
        end = begin + query.limit
        names = await self.names(caller.tenant, steps[begin:end])
        items = [
            orjson.dumps({**asdict(one), "actor_name": names.get(one.actor_id or "")})
            for one in steps[begin:end]
        ]
        following = self._cursors.of_number(end) if end < len(steps) else None
        return page_answer(items, following)

    async def steps(self, transcription_id: str, reads: Sequence[Event] = ()) -> list[Step]:
        """Return all steps of a transcription; whose it is has been checked.

        Raises:
            RecordDamaged: A record of its stream is damaged or missing.
            StoreUnavailable: The log cannot be read now.
        """
        events = await self._past.stream(stream_of(transcription_id))
        readable: dict[int, int] = {}
        for event in events:
            if event.type in OUTCOMES:
                at_us = await self._readable_at(event.position)
                if at_us is not None:
                    readable[event.position] = at_us
        if len(events) <= INLINE_EVENTS_MAX:
            return story_of(events, readable, reads)
        return await asyncio.to_thread(story_of, events, readable, reads)

    async def _reads(self, caller: ApiKey, transcription_id: str) -> Sequence[Event]:
        """Return the last reads of its content that were recorded."""
        if not caller.may(SEES_READS):
            return ()
        found = await self._accesses.accesses(
            AccessQuery(tenant=caller.tenant, limit=READS_MAX, transcripts=(transcription_id,))
        )
        return found.events

    async def names(self, tenant: str, steps: Sequence[Step]) -> dict[str, str]:
        """Return the names of the API keys that acted, by their ids."""
        acted = {one.actor_id for one in steps if one.actor == API_KEY}
        if not acted:
            return {}
        keys = await self._keys.api_keys(tenant, after="", limit=KEYS_LOOKED_AT_MAX)
        return {key.id: key.name for key in keys if key.id in acted}
