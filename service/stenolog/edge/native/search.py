"""Answer /api/v1/search: where in a tenant's transcripts something was said."""

from __future__ import annotations

from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.native.as_of import Past
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.narrowing import NARROWING, SPEAKER_CHARS_MAX, narrowed, short_text
from stenolog.edge.native.paging import PAGE, after_of, limit_of, page_answer, refuse_if
from stenolog.edge.native.view_query import AS_OF
from stenolog.errors import InvalidRequest
from stenolog.projections.search.index import Hit, Place, Search, SearchReader
from stenolog.projections.search.query import Term, read_query

QUERY = ("q", "speaker", *NARROWING, AS_OF, *PAGE)
PLACE_NUMBERS = 4


class Searching:
    """Reads the question, and shows what is found."""

    def __init__(self, index: SearchReader, cursors: Cursors, past: Past) -> None:
        self._past = past
        self._index = index
        self._cursors = cursors

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page of passages, each with its place in the audio."""
        query = request.query_params
        wrong: list[tuple[str, str]] = []
        terms = _terms(query.get("q", ""), wrong)
        among = narrowed(query, caller.tenant, wrong)
        speaker = short_text(query, "speaker", SPEAKER_CHARS_MAX, wrong)
        limit = limit_of(query, wrong)
        after = after_of(query, partial(self._cursors.numbers, count=PLACE_NUMBERS), wrong)
        refuse_if(wrong)
        among, told = await self._past.narrowed(query, among)
        found = await self._index.search(
            Search(
                terms=terms,
                among=among,
                speaker=speaker,
                limit=limit,
                after=None if after is None else Place(*after),
            )
        )
        shows_content(request, "search", *(hit.transcription for hit in found.hits))
        following = found.next
        return page_answer(
            [orjson.dumps(_item(hit)) for hit in found.hits],
            None
            if following is None
            else self._cursors.of_numbers(
                (following.top, following.bottom, following.rank, following.passage)
            ),
            around=told,
        )


def _terms(query: str, wrong: list[tuple[str, str]]) -> tuple[Term, ...]:
    try:
        return read_query(query)
    except InvalidRequest as exc:
        wrong += exc.fields
        return ()


def _item(hit: Hit) -> dict[str, object]:
    return {
        "transcript_id": hit.transcription,
        "start": hit.start_ms,
        "end": hit.end_ms,
        "speaker": hit.speaker,
        "snippet": hit.snippet.text,
        "marks": hit.snippet.marks,
        "rank": hit.rank,
    }
