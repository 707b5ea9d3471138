"""Answer requests for sentences, paragraphs, captions and word search."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.derived.render import RenderOrder
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import InvalidRequest
from stenolog.intelligence.captions import CHARACTERS
from stenolog.intelligence.word_search import PHRASE_WORDS_MAX, phrase_of
from stenolog.log.events.accesses import ContentView

CHARACTERS_MAX = 10_000  # a caption of several minutes; nobody can read a wider one
TERMS_MAX = 100
SHOWN: Mapping[str, ContentView] = {
    "sentences": "sentences",
    "paragraphs": "paragraphs",
    "srt": "captions",
    "vtt": "captions",
    "word-search": "word-search",
}
"""What a read of each is recorded as."""
DIGITS = re.compile(r"[0-9]{1,5}")


class Derived:
    """Finds the transcript, reads the query, and leaves the rest to `RenderWorkers`."""

    def __init__(self, reading: Reading, workers: RenderWorkers) -> None:
        self._reading = reading
        self._workers = workers

    async def sentences(self, request: Request, caller: ApiKey) -> Response:
        """Answer with every word in one sentence."""
        return _json(await self._made(request, caller, RenderOrder(view="sentences")))

    async def paragraphs(self, request: Request, caller: ApiKey) -> Response:
        """Whole sentences together."""
        return _json(await self._made(request, caller, RenderOrder(view="paragraphs")))

    async def srt(self, request: Request, caller: ApiKey) -> Response:
        """SubRip, as plain text."""
        asked = RenderOrder(view="srt", characters=caption_width(request.query_params))
        return PlainTextResponse(await self._made(request, caller, asked))

    async def vtt(self, request: Request, caller: ApiKey) -> Response:
        """WebVTT, as plain text."""
        asked = RenderOrder(view="vtt", characters=caption_width(request.query_params))
        return PlainTextResponse(await self._made(request, caller, asked))

    async def word_search(self, request: Request, caller: ApiKey) -> Response:
        """Answer with where the asked terms are said; those that are not are not in the answer."""
        asked = RenderOrder(view="word-search", terms=search_terms(request.query_params))
        return _json(await self._made(request, caller, asked))

    async def _made(self, request: Request, caller: ApiKey, asked: RenderOrder) -> bytes:
        """Return the answer's body, for the transcript that the path names.

        Raises:
            NotFound: This tenant has no such transcription.
            InvalidRequest: It is not completed, was erased, or has no words with times.
        """
        row = await self._reading.find(caller.tenant, request.path_params["id"])
        if row.erased:
            raise InvalidRequest(f"The transcript was deleted: there are no {asked.noun} of it")
        if row.status != "completed":
            raise InvalidRequest(unfinished(row.status, asked.noun))
        body = await self._workers.render(caller.tenant, row.id, asked)
        if body is None:
            # A view that is built for the first time does not have the outcome yet.
            raise InvalidRequest(unfinished("processing", asked.noun))
        shows_content(request, SHOWN[asked.view], row.id)
        return body


def unfinished(status: str, what: str) -> str:
    """Return the sentence for a transcript that is not completed."""
    return f"The transcript has the status {status}: it has {what} once it is completed"


def caption_width(query: QueryParams) -> int:
    """`chars_per_caption`; an empty one counts as absent.

    Raises:
        InvalidRequest: It is no number, or no sensible one.
    """
    given = query.get("chars_per_caption") or str(CHARACTERS)
    if not DIGITS.fullmatch(given) or not 1 <= int(given) <= CHARACTERS_MAX:
        problem = f"must be an integer from 1 to {CHARACTERS_MAX}"
        raise InvalidRequest(f"chars_per_caption {problem}", [("chars_per_caption", problem)])
    return int(given)


def search_terms(query: QueryParams) -> tuple[str, ...]:
    """Return the terms of `words`: commas are between them, or it is given several times.

    Raises:
        InvalidRequest: There is none, there are too many, or one has too many words.
    """
    problem = ""
    terms = [term for term in ",".join(query.getlist("words")).split(",") if phrase_of(term)]
    if not terms:
        problem = "must name at least one word, with commas between several"
    elif len(terms) > TERMS_MAX:
        problem = f"must name at most {TERMS_MAX} words or phrases"
    elif any(len(phrase_of(term)) > PHRASE_WORDS_MAX for term in terms):
        problem = f"must have phrases of at most {PHRASE_WORDS_MAX} words"
    if problem:
        raise InvalidRequest(f"words {problem}", [("words", problem)])
    return tuple(terms)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
