"""Answer the views of one transcript: what was said in it, and what was found."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.view_formats import answer_of, grouped_page
from stenolog.edge.native.view_query import ViewQuery, view_query
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import InvalidRequest, KeyMissing
from stenolog.projections.pages import ITEMS_PER_PAGE_MAX, ItemsPage
from stenolog.projections.views import ViewReader

MAY_BE_LOST = ("not_ready", "failed")  # the view, or the key
GROUPED_ITEMS_MAX = 20_000  # read for one answer; a call of ten hours has some thousand entities
ERASED = ItemsPage(items=(), next=None, reason="erased", around=None)


class Items:
    """Answers one view of a transcript, by its name among the projections."""

    def __init__(self, view: str, reading: Reading, views: ViewReader, cursors: Cursors) -> None:
        self._view = view
        self._reading = reading
        self._views = views
        self._cursors = cursors

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page in order of start; `reason` says why there are no items."""
        asked = view_query(self._view, request.query_params, self._cursors)
        transcription_id = request.path_params["id"]
        await self._reading.require(caller.tenant, transcription_id)
        try:
            found = await self._found(transcription_id, asked)
            if found.reason in MAY_BE_LOST:  # looking for it brings it back, or says what is lost
                await self._reading.find(caller.tenant, transcription_id)
                found = await self._found(transcription_id, asked)
        except KeyMissing:
            # Its erasure comes before the views say so; where the log knows of none, this raises.
            await self._reading.find(caller.tenant, transcription_id)
            found = ERASED
        following = None if found.next is None else self._cursors.of_number(found.next)
        return await answer_of(self._view, found, following, asked, request.query_params)

    async def _found(self, transcription_id: str, asked: ViewQuery) -> ItemsPage:
        if not asked.grouped:
            return await self._page(
                transcription_id, asked, asked.page.after or 0, asked.page.limit
            )
        page, lines, after = None, list[bytes](), 0
        while page is None or page.next is not None:
            page = await self._page(transcription_id, asked, after, ITEMS_PER_PAGE_MAX)
            lines += page.items
            after = page.next or 0
            if len(lines) > GROUPED_ITEMS_MAX:
                problem = f"takes at most {GROUPED_ITEMS_MAX} items: ask for a part with from_ms"
                raise InvalidRequest(f"group {problem}", [("group", problem)])
        return await grouped_page(page, lines, asked)

    async def _page(
        self, transcription_id: str, asked: ViewQuery, after: int, limit: int
    ) -> ItemsPage:
        return await self._views.items(
            transcription_id, self._view, after=after, limit=limit, wanted=asked.wanted
        )
