"""Answer the views of one transcript: what was said in it, and what was found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.native.as_of import Past
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.view_formats import answer_of, grouped_page
from stenolog.edge.native.view_query import AS_OF, ViewQuery, view_query
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import InvalidRequest, KeyMissing
from stenolog.log.events.accesses import ContentView
from stenolog.projections.documents import decode, encode
from stenolog.projections.pages import ITEMS_PER_PAGE_MAX, ItemsPage
from stenolog.projections.past.moments import Moment
from stenolog.projections.views import ViewReader

MAY_BE_LOST = ("not_ready", "failed")  # the view, or the key
GROUPED_ITEMS_MAX = 20_000  # read for one answer; a call of ten hours has some thousand entities
ERASED = ItemsPage(items=(), next=None, reason="erased", around=None)

ReadPage = Callable[[int, int], Awaitable[ItemsPage]]
"""Returns at most so many items (the second) that are wanted and follow an ordinal."""


class Items:
    """Answers one view of a transcript, by its name among the projections."""

    def __init__(
        self, reading: Reading, views: ViewReader, cursors: Cursors, past: Past, view: str
    ) -> None:
        self._view = view
        self._reading = reading
        self._views = views
        self._cursors = cursors
        self._past = past

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page in order of start; `reason` says why there are no items."""
        query = request.query_params
        asked = view_query(self._view, query, self._cursors)
        transcription_id = request.path_params["id"]
        await self._reading.require(caller.tenant, transcription_id)
        moment = await self._past.moment(query)
        headers: dict[str, str] = {}
        if moment is None:
            found = await self._shown(caller.tenant, transcription_id, asked)
        else:
            found = await self._shown_then(caller.tenant, transcription_id, asked, moment)
            headers = self._past.headers(moment, self._view)
        if found.items or found.around:
            shows_content(request, cast("ContentView", self._view), transcription_id)
        following = None if found.next is None else self._cursors.of_number(found.next)
        answer = await answer_of(self._view, found, following, asked, query)
        answer.headers.update(headers)
        return answer

    async def _shown(self, tenant: str, transcription_id: str, asked: ViewQuery) -> ItemsPage:
        read = partial(self._page, transcription_id, asked)
        try:
            found = await _found(read, ITEMS_PER_PAGE_MAX, asked)
            if found.reason in MAY_BE_LOST:  # looking for it brings it back, or says what is lost
                await self._reading.find(tenant, transcription_id)
                found = await _found(read, ITEMS_PER_PAGE_MAX, asked)
        except KeyMissing:
            # Its erasure comes before the views say so; where the log knows of none, this raises.
            await self._reading.find(tenant, transcription_id)
            return ERASED
        return found

    async def _shown_then(
        self, tenant: str, transcription_id: str, asked: ViewQuery, moment: Moment
    ) -> ItemsPage:
        read = partial(self._past.page, tenant, transcription_id, moment, self._view, asked.wanted)
        # Each page is made of the whole: groups are made of one.
        found = await _found(read, GROUPED_ITEMS_MAX + 1, asked)
        around = {} if found.around is None else decode(found.around)
        told = encode({**around, AS_OF: self._past.told(moment, self._view)})
        return replace(found, around=told)

    async def _page(
        self, transcription_id: str, asked: ViewQuery, after: int, limit: int
    ) -> ItemsPage:
        return await self._views.items(
            transcription_id, self._view, after=after, limit=limit, wanted=asked.wanted
        )


async def _found(read: ReadPage, items_per_read: int, asked: ViewQuery) -> ItemsPage:
    if not asked.grouped:
        return await read(asked.page.after or 0, asked.page.limit)
    page, lines, after = None, list[bytes](), 0
    while page is None or page.next is not None:
        page = await read(after, items_per_read)
        lines += page.items
        after = page.next or 0
        if len(lines) > GROUPED_ITEMS_MAX:
            problem = f"takes at most {GROUPED_ITEMS_MAX} items: ask for a part with from_ms"
            raise InvalidRequest(f"group {problem}", [("group", problem)])
    return await grouped_page(page, lines, asked)
