"""Answer the lists of a transcript: words, utterances, speakers, and findings of features."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.paging import PageQuery, page_answer, page_query, refuse_if
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import KeyMissing
from stenolog.projections.pages import ItemsPage
from stenolog.projections.views import ViewReader

SPEAKER_CHARS_MAX = 128
FILTERS = {"utterances": ("speaker",)}
MAY_BE_LOST = ("not_ready", "failed")  # the view, or the key


class Items:
    """Answers one view of a transcript, by its name among the projections."""

    def __init__(self, view: str, reading: Reading, views: ViewReader, cursors: Cursors) -> None:
        self._view = view
        self._reading = reading
        self._views = views
        self._cursors = cursors

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page in order of start; `reason` says why there are no items."""
        query = page_query(request.query_params, self._cursors)
        speaker = self._speaker(request)
        transcription_id = request.path_params["id"]
        await self._reading.require(caller.tenant, transcription_id)
        try:
            found = await self._page(transcription_id, query, speaker)
            if found.reason in MAY_BE_LOST:  # looking for it brings it back, or says what is lost
                await self._reading.find(caller.tenant, transcription_id)
                found = await self._page(transcription_id, query, speaker)
        except KeyMissing:
            # Its erasure comes before the views say so; where the log knows of none, this raises.
            await self._reading.find(caller.tenant, transcription_id)
            return page_answer((), None, reason="erased", beside=None)
        beside = None if found.beside is None else orjson.Fragment(found.beside)
        following = None if found.next is None else self._cursors.of_number(found.next)
        return page_answer(found.items, following, reason=found.reason, beside=beside)

    async def _page(
        self, transcription_id: str, query: PageQuery, speaker: str | None
    ) -> ItemsPage:
        return await self._views.items(
            transcription_id,
            self._view,
            after=query.after or 0,
            limit=query.limit,
            speaker=speaker,
        )

    def _speaker(self, request: Request) -> str | None:
        if "speaker" not in FILTERS.get(self._view, ()):
            return None
        speaker = request.query_params.get("speaker") or None
        if speaker is not None and len(speaker) > SPEAKER_CHARS_MAX:
            refuse_if([("speaker", f"must have at most {SPEAKER_CHARS_MAX} characters")])
        return speaker
