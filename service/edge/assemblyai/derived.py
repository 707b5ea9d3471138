"""What is made of a finished transcript's words: sentences, paragraphs, captions, word search."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import TypeVar

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from service.commands.api_keys import ApiKey
from service.edge.assemblyai.finished import FinishedTranscript, read_finished
from service.edge.assemblyai.spoken import found_shown, paragraphs_shown, sentences_shown
from service.edge.reading import Reading
from service.errors import InvalidRequest
from service.intelligence.captions import CHARACTERS, captions, srt, vtt
from service.intelligence.word_search import PHRASE_WORDS_MAX, phrase_of
from service.projections.views import ViewReader

CHARACTERS_MAX = 10_000  # a caption of several minutes; nobody can read a wider one
TERMS_MAX = 100
DERIVING_MAX = 2  # at once, beside the event loop: an hour of words takes a tenth of a second
DIGITS = re.compile(r"[0-9]{1,5}")

Made = TypeVar("Made")


class Derived:
    """Pure functions of the stored transcript: the same transcript gives the same answer."""

    def __init__(self, reading: Reading, views: ViewReader) -> None:
        self._reading = reading
        self._views = views
        self._turns = asyncio.Semaphore(DERIVING_MAX)

    async def sentences(self, request: Request, caller: ApiKey) -> Response:
        """Every word in one sentence."""
        return _json(await self._made(request, caller, "sentences", sentences_shown))

    async def paragraphs(self, request: Request, caller: ApiKey) -> Response:
        """Whole sentences together."""
        return _json(await self._made(request, caller, "paragraphs", paragraphs_shown))

    async def srt(self, request: Request, caller: ApiKey) -> Response:
        """SubRip, as plain text."""
        width = caption_width(request.query_params)
        return _plain(
            await self._made(
                request, caller, "captions", lambda found: srt(captions(found.words, width))
            )
        )

    async def vtt(self, request: Request, caller: ApiKey) -> Response:
        """WebVTT, as plain text."""
        width = caption_width(request.query_params)
        return _plain(
            await self._made(
                request, caller, "captions", lambda found: vtt(captions(found.words, width))
            )
        )

    async def word_search(self, request: Request, caller: ApiKey) -> Response:
        """Where the asked terms are said; those that are not are not in the answer."""
        terms = search_terms(request.query_params)
        return _json(
            await self._made(
                request, caller, "found words", lambda found: found_shown(found, terms)
            )
        )

    async def _made(
        self,
        request: Request,
        caller: ApiKey,
        what: str,
        make: Callable[[FinishedTranscript], Made],
    ) -> Made:
        """What `make` makes of the transcript that the path names.

        Raises:
            NotFound: This tenant has no such transcription.
            InvalidRequest: It is not completed, was erased, or has no words with times.
        """
        found = await self._reading.find(caller.tenant, request.path_params["id"])
        row = found.row
        if row.erased:
            raise InvalidRequest(f"The transcript was deleted: there are no {what} of it")
        body = None if row.open else await self._views.customer_body(row.id)
        if body is None:
            # A view that is built for the first time does not have the outcome yet.
            status = row.status if row.open else "processing"
            raise InvalidRequest(unfinished(status, what))
        if row.status == "error":
            raise InvalidRequest(unfinished("error", what))
        async with self._turns:
            return await asyncio.to_thread(lambda: make(read_finished(row.id, body, what)))


def unfinished(status: str, what: str) -> str:
    """The sentence for a transcript that is not completed."""
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


def search_terms(query: QueryParams) -> list[str]:
    """The terms of `words`, which has commas between them.

    Raises:
        InvalidRequest: There is none, there are too many, or one has too many words.
    """
    problem = ""
    terms = [term for term in query.get("words", "").split(",") if phrase_of(term)]
    if not terms:
        problem = "must name at least one word, with commas between several"
    elif len(terms) > TERMS_MAX:
        problem = f"must name at most {TERMS_MAX} words or phrases"
    elif any(len(phrase_of(term)) > PHRASE_WORDS_MAX for term in terms):
        problem = f"must have phrases of at most {PHRASE_WORDS_MAX} words"
    if problem:
        raise InvalidRequest(f"words {problem}", [("words", problem)])
    return terms


def _json(body: dict[str, object]) -> Response:
    try:
        encoded = orjson.dumps(body)
    except orjson.JSONEncodeError:  # half a surrogate pair, which JSON may hold and UTF-8 not
        encoded = json.dumps(body).encode()
    return Response(encoded, media_type="application/json")


def _plain(text: str) -> Response:
    return PlainTextResponse(text.encode(errors="replace"))
