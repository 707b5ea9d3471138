"""Serve the endpoints that reshape a finished transcript."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from stenolog.simulator.assemblyai import derived
from stenolog.simulator.assemblyai.entry import Handler
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.simulator.assemblyai.memory import Seen
from stenolog.wire.assemblyai import sentences

PATH = "/v2/transcript/{id}"
CAPTION_CHARS_MAX = 10_000
NOT_COMPLETED = "Transcript is not completed"
WORDS_MISSING = "words is required"
CHARS_WRONG = "chars_per_caption must be a positive integer"

Find = Callable[[Request, Seen], Job | None]


class DerivedRoutes:
    """Answers for finished jobs; 400 with a sentence for all others."""

    def __init__(self, find: Find, now_ms: Callable[[], int]) -> None:
        self._find = find
        self._now_ms = now_ms

    def by_path(self) -> Sequence[tuple[str, Handler]]:
        """Return each path and what answers it."""
        return (
            (f"{PATH}/sentences", self.sentences),
            (f"{PATH}/paragraphs", self.paragraphs),
            (f"{PATH}/srt", self.srt),
            (f"{PATH}/vtt", self.vtt),
            (f"{PATH}/word-search", self.word_search),
        )

    async def sentences(self, request: Request, seen: Seen) -> Response:
        """Answer with every sentence with its words."""
        return self._listed(request, seen, "sentences", derived.sentences)

    async def paragraphs(self, request: Request, seen: Seen) -> Response:
        """Answer with every paragraph with its words."""
        return self._listed(request, seen, "paragraphs", derived.paragraphs)

    async def srt(self, request: Request, seen: Seen) -> Response:
        """Captions with numbers."""
        return self._captions(request, seen, derived.srt)

    async def vtt(self, request: Request, seen: Seen) -> Response:
        """Captions for the web."""
        return self._captions(request, seen, derived.vtt)

    async def word_search(self, request: Request, seen: Seen) -> Response:
        """Answer with where the words of `words`, between commas, were said."""
        found = self._finished(request, seen)
        if isinstance(found, Response):
            return found
        terms = [term for term in request.query_params.get("words", "").split(",") if term.strip()]
        if not terms:
            return _error(WORDS_MISSING)
        matches = derived.word_search(_words(found), terms)
        counts = [match["count"] for match in matches]
        total = sum(count for count in counts if isinstance(count, int))
        return JSONResponse({"id": found["id"], "total_count": total, "matches": matches})

    def _listed(
        self,
        request: Request,
        seen: Seen,
        name: str,
        make: Callable[[Sequence[derived.Word]], list[derived.Json]],
    ) -> Response:
        found = self._finished(request, seen)
        if isinstance(found, Response):
            return found
        return JSONResponse(
            {
                name: make(_words(found)),
                "id": found["id"],
                "confidence": found.get("confidence") or 0.0,
                "audio_duration": found.get("audio_duration") or 0,
                "speech_model_used": found.get("speech_model_used"),
            }
        )

    def _captions(
        self, request: Request, seen: Seen, make: Callable[[Sequence[derived.Word], int], str]
    ) -> Response:
        found = self._finished(request, seen)
        if isinstance(found, Response):
            return found
        given = request.query_params.get("chars_per_caption") or str(derived.CAPTION_CHARS_DEFAULT)
        if not (given.isascii() and given.isdigit() and 0 < int(given) <= CAPTION_CHARS_MAX):
            return _error(CHARS_WRONG)
        return PlainTextResponse(make(_words(found), int(given)))

    def _finished(self, request: Request, seen: Seen) -> dict[str, object] | Response:
        job = self._find(request, seen)
        if job is None:
            return _error(sentences.TRANSCRIPT_NOT_FOUND)
        if job.deleted or job.status(self._now_ms()) != "completed":
            return _error(NOT_COMPLETED)
        return job.transcript(self._now_ms())


def _words(transcript: dict[str, object]) -> Sequence[derived.Word]:
    words = transcript.get("words")
    return words if isinstance(words, list) else ()


def _error(sentence: str) -> Response:
    return JSONResponse({"error": sentence}, 400)
