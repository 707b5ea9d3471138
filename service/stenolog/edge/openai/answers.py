"""Make the answer of a transcription that is completed, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from starlette.responses import Response

from stenolog.edge.derived.openai import OpenaiLook
from stenolog.edge.derived.render import RenderOrder, as_json
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.errors import NotFound
from stenolog.projections.rows import StatusRow
from stenolog.projections.views import Room, ViewReader
from stenolog.wire.openai.answers import events, text_answer
from stenolog.wire.openai.create import Create
from stenolog.wire.openai.languages import primary

MS_PER_S = 1_000
GONE = "The transcription is not here any more"
Found = TypeVar("Found")
JSON, PLAIN, EVENTS = "application/json", "text/plain", "text/event-stream"


class Answers:
    """Makes answers from the views."""

    def __init__(self, views: ViewReader, renders: RenderWorkers, room: Room) -> None:
        """`room` is waited for before a whole transcript is read."""
        self._views = views
        self._renders = renders
        self._room = room

    async def of(self, row: StatusRow, create: Create, headers: Mapping[str, str]) -> Response:
        """Answer with these headers.

        Raises:
            InvalidRequest: The format needs the times of words, and the transcript has none.
            NotFound: It was deleted meanwhile.
            StoreUnavailable: It cannot be read now.
        """
        content, media_type = await self._content(row, create)
        return Response(content, headers=dict(headers), media_type=media_type)

    async def _content(self, row: StatusRow, create: Create) -> tuple[bytes, str]:
        match create.response_format:
            case "srt" | "vtt" as view:
                return await self._rendered(row, RenderOrder(view=view)), PLAIN
            case "verbose_json" | "diarized_json":
                content = await self._rendered(row, _order(row, create))
                return content, EVENTS if create.stream else JSON
            case other:
                return await self._text(row, create, plain=other == "text")

    async def _rendered(self, row: StatusRow, order: RenderOrder) -> bytes:
        return _there(await self._renders.render(row.tenant, row.id, order))

    async def _text(self, row: StatusRow, create: Create, *, plain: bool) -> tuple[bytes, str]:
        await self._room(0)
        head = _there(await self._views.transcript(row.id))
        text = head.text or ""
        if create.stream:
            return events(text, ()), EVENTS
        if plain:
            return f"{text}\n".encode(errors="replace"), PLAIN
        seconds = None if row.audio_ms is None else row.audio_ms / MS_PER_S
        language = primary(head.language_code)
        names = create.kind.names_languages
        return as_json(text_answer(text, seconds, language, names_languages=names)), JSON


def _order(row: StatusRow, create: Create) -> RenderOrder:
    look = OpenaiLook(
        duration_ms=row.audio_ms,
        words=create.words,
        segments=create.segments,
        speakers=create.response_format == "diarized_json",
        streamed=create.stream,
    )
    return RenderOrder(view="openai", openai=look)


def _there(found: Found | None) -> Found:
    if found is None:
        raise NotFound(GONE)
    return found
