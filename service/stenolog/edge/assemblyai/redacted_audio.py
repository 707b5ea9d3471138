"""Answer whether redacted audio is there, and stream it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from stenolog.bounded import BoundedMemory
from stenolog.clock import now_ms
from stenolog.commands.api_keys import ApiKey
from stenolog.edge.access.redacted_links import BadLink, audio_of, redacted_link
from stenolog.edge.http.content_reads import ContentReads, shows_content
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.loops import AudioStream, RedactedAudio
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import InvalidRequest, NotFound
from stenolog.log.events.request_payload import RequestPayload
from stenolog.log.recorder import Cause
from stenolog.projections.rows import StatusRow
from stenolog.wire.assemblyai.webhook import REDACTED_AUDIO_READY

MEDIA_TYPE = "application/octet-stream"
ASKED_MAX = 4_096  # transcriptions of which is remembered whether redacted audio is wanted
HEADERS = {
    "Accept-Ranges": "none",  # it comes from the provider in one piece
    "Cache-Control": "private, no-store",
    "Content-Disposition": "attachment",  # whatever a provider says that it is, no page of ours
}


class RedactedAudioOf:
    """Gives links on our own host; the audio stays at the provider, whose URL is not shown."""

    def __init__(
        self,
        reading: Reading,
        audio: RedactedAudio,
        reads: ContentReads,
        link_key: bytes,
        public_url: str,
        now_ms: Callable[[], int] = now_ms,
    ) -> None:
        """`link_key` signs the links; `public_url` is what they begin with."""
        self._reading = reading
        self._audio = audio
        self._reads = reads
        self._link_key = link_key
        self._public_url = public_url
        self._now_ms = now_ms
        self._asked: BoundedMemory[str, bool] = BoundedMemory(ASKED_MAX)

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """200 with a link, 202 with a status while it is not ready.

        Raises:
            NotFound: This tenant has no such transcription.
            InvalidRequest: There is none and will be none.
            ProviderUnavailable: The provider cannot be asked now.
        """
        row = await self._reading.find(caller.tenant, request.path_params["id"])
        if row.erased:
            raise InvalidRequest("The transcript was deleted: there is no redacted audio of it")
        if not await self._is_asked_for(row):
            raise InvalidRequest(
                "Redacted audio was not asked for: redact_pii and redact_pii_audio must be true"
            )
        if row.open:
            return _answer({"status": row.status}, 202)
        if row.status == "error":
            raise InvalidRequest("The transcript ended in an error: it has no redacted audio")
        if not await self._audio.is_ready(row.id):
            return _answer({"status": "processing"}, 202)
        link = redacted_link(
            self._link_key, self._public_url, row.id, self._now_ms(), actor=caller.id
        )
        return _answer({"redacted_audio_url": link, "status": REDACTED_AUDIO_READY}, 200)

    async def _is_asked_for(self, row: StatusRow) -> bool:
        """Tell whether the request wants it; what was told once is not read again."""
        known = self._asked.get(row.id)
        if known is None:
            known = await self._reading.of_request(row, "redacted audio", _asks_for_audio)
            self._asked.put(row.id, known)
        return known

    async def download(self, request: Request) -> Response:
        """Answer with the audio, piece by piece from the provider.

        Raises:
            BadLink: The link is not one of ours, or is over, or its transcript was deleted.
        """
        linked = audio_of(self._link_key, request.path_params["link"], self._now_ms())
        try:  # views that were lost may not show it yet
            row = await self._reading.found(linked.transcription) if linked else None
        except NotFound:
            row = None
        if linked is None or row is None or row.erased:
            raise BadLink("This link is not valid, or not any more: ask for another one")
        if request.method == "HEAD":
            return Response(media_type=MEDIA_TYPE, headers=HEADERS)
        async with contextlib.AsyncExitStack() as opened:
            audio = await opened.enter_async_context(self._audio.open(row.id))
            shows_content(request, "audio", row.id)
            reader = Cause(
                tenant=row.tenant,
                actor=linked.actor,
                correlation_id=correlation_of(request.scope),
            )
            await self._reads.record(request, reader)
            return PassedOn(opened.pop_all(), audio)


class PassedOn(StreamingResponse):
    """Streams the provider's body; closes the upstream when the client is done or gone.

    If the upstream breaks off, our response does too.
    """

    def __init__(self, stack: contextlib.AsyncExitStack, audio: AudioStream) -> None:
        kind = audio.media_type if audio.media_type.startswith("audio/") else MEDIA_TYPE
        size = {} if audio.size is None else {"Content-Length": str(audio.size)}
        super().__init__(audio.chunks, media_type=kind, headers={**HEADERS, **size})
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send each piece when it comes."""
        async with self._stack:
            await super().__call__(scope, receive, send)


def _asks_for_audio(asked: RequestPayload) -> bool:
    return all(asked.params.get(name) is True for name in ("redact_pii", "redact_pii_audio"))


def _answer(body: dict[str, str], status: int) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
