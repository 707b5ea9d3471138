"""Answer /api/v1/transcripts/{id}/report: one page that shows a transcript to people."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.native.status import warnings_of
from stenolog.edge.native.story import Stories
from stenolog.edge.native.whole_views import WholeViews
from stenolog.edge.report.page import (
    AUDIO_PLACE,
    Facts,
    content_security_policy,
    report_page,
)
from stenolog.edge.report.player import player_of
from stenolog.edge.transcriptions.recordings import Recording
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.errors import InvalidRequest, KeyMissing, StoreError
from stenolog.log.events.request_payload import RequestPayload
from stenolog.projections.rows import StatusRow, TranscriptHead
from stenolog.projections.views import Room, ViewReader

HTML = "text/html; charset=utf-8"
BYTES_PER_WORD = 256  # of the items, and of the page that is made of them; in round figures
AUDIO = ("true", "false")
AUDIO_BYTES_MAX = 8 << 20  # of a recording that is put into the page
COPIES = 4  # in memory: the file, twice as base64, and somewhat more
REDACTS = "redacts"  # what is made of the request
DELETED = "The transcript was deleted: there is no report of it"
LEFT_OUT = (
    "This transcript is longer than a page shows, and its end is missing here: "
    "`stenolog export` gives the whole."
)


class Report:
    """Reads what the views hold, and has the page made away from the event loop."""

    def __init__(
        self,
        cases: UseCases,
        views: ViewReader,
        renders: RenderWorkers,
        room: Room,
        stories: Stories,
    ) -> None:
        self._stories = stories
        self._reading = cases.reading
        self._recordings = cases.recordings
        self._views = views
        self._whole = WholeViews(views)
        self._renders = renders
        self._room = room

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the page; it loads nothing, and its policy allows nothing else.

        Raises:
            InvalidRequest: The transcription is not completed, or `audio` is no yes or no.
            KeyMissing: It was deleted.
        """
        audio = request.query_params.get("audio") or "true"
        if audio not in AUDIO:
            raise InvalidRequest(
                "audio must be true or false", [("audio", "must be true or false")]
            )
        row = await self._reading.find(caller.tenant, request.path_params["id"])
        if row.erased:
            raise KeyMissing(DELETED)
        if row.status != "completed":
            raise InvalidRequest(
                f"The transcript has the status {row.status}: it has a report once it is completed"
            )
        head = await self._views.transcript(row.id)
        redacted = await self._reading.of_request(row, REDACTS, _redacts)
        found = None if redacted or audio == "false" else await self._recording(row)
        heard_bytes = found.bytes_count if found else 0
        await self._room((head.words * BYTES_PER_WORD if head else 0) + heard_bytes * COPIES)
        try:
            views, left_out = await self._whole.read(row.id)
        except KeyMissing as exc:
            await self._reading.find(caller.tenant, row.id)  # raises where the key is lost
            raise KeyMissing(DELETED) from exc
        facts = _facts(row, head, redacted=redacted, left_out=LEFT_OUT if left_out else "")
        steps = await self._stories.steps(row.id)
        names = await self._stories.names(row.tenant, steps)
        size = sum(len(item) for view in views.values() for item in view.items)
        page = await self._renders.run(caller.tenant, size, report_page, facts, views, steps, names)
        before, place, behind = page.partition(AUDIO_PLACE.encode())
        player = await _player(found) if found else b""
        shows_content(request, "report", row.id)
        if player:
            shows_content(request, "audio", row.id)
        headers = {
            "Content-Security-Policy": f"{content_security_policy()}; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",
        }
        whole = b"".join((before, player or place, behind))
        return Response(whole, media_type=HTML, headers=headers)

    async def _recording(self, row: StatusRow) -> Recording | None:
        """Return what is to be played: of a file that is here, and not longer than a page holds."""
        found = await self._recordings.find(row.tenant, row.audio_url)
        return found if found and found.bytes_count <= AUDIO_BYTES_MAX else None


async def _player(found: Recording) -> bytes:
    """Return the player; nothing where the file cannot be read: the page has all that was said."""
    try:
        return await player_of(found.pieces)
    except StoreError:
        return b""


def _facts(row: StatusRow, head: TranscriptHead | None, *, redacted: bool, left_out: str) -> Facts:
    return Facts(
        id=row.id,
        submitted_at=row.created_at,
        provider=row.provider,
        text=(head.text if head else None) or "",
        audio_ms=row.audio_ms,
        language_code=head.language_code if head else None,
        confidence=head.confidence if head else None,
        words=head.words if head else 0,
        subject=row.subject,
        redacted=redacted,
        warnings=tuple(one["message"] for one in warnings_of(row, head)),
        left_out=left_out,
    )


def _redacts(asked: RequestPayload) -> bool:
    return asked.params.get("redact_pii") is True
