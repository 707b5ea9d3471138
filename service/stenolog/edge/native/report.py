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
from stenolog.edge.report.page import Facts, content_security_policy, report_page
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import InvalidRequest, KeyMissing
from stenolog.log.events.request_payload import RequestPayload
from stenolog.projections.rows import StatusRow, TranscriptHead
from stenolog.projections.views import Room, ViewReader

HTML = "text/html; charset=utf-8"
BYTES_PER_WORD = 256  # of the items, and of the page that is made of them; in round figures
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
        reading: Reading,
        views: ViewReader,
        renders: RenderWorkers,
        room: Room,
        stories: Stories,
    ) -> None:
        self._stories = stories
        self._reading = reading
        self._views = views
        self._whole = WholeViews(views)
        self._renders = renders
        self._room = room

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the page; it loads nothing, and its policy allows nothing else.

        Raises:
            InvalidRequest: The transcription is not completed.
            KeyMissing: It was deleted.
        """
        row = await self._reading.find(caller.tenant, request.path_params["id"])
        if row.erased:
            raise KeyMissing(DELETED)
        if row.status != "completed":
            raise InvalidRequest(
                f"The transcript has the status {row.status}: it has a report once it is completed"
            )
        head = await self._views.transcript(row.id)
        await self._room(head.words * BYTES_PER_WORD if head else 0)
        try:
            views, left_out = await self._whole.read(row.id)
        except KeyMissing as exc:
            await self._reading.find(caller.tenant, row.id)  # raises where the key is lost
            raise KeyMissing(DELETED) from exc
        facts = await self._facts(row, head, LEFT_OUT if left_out else "")
        steps = await self._stories.steps(row.id)
        names = await self._stories.names(row.tenant, steps)
        size = sum(len(item) for view in views.values() for item in view.items)
        page = await self._renders.run(caller.tenant, size, report_page, facts, views, steps, names)
        shows_content(request, "report", row.id)
        headers = {
            "Content-Security-Policy": f"{content_security_policy()}; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",
        }
        return Response(page, media_type=HTML, headers=headers)

    async def _facts(self, row: StatusRow, head: TranscriptHead | None, left_out: str) -> Facts:
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
            redacted=await self._reading.of_request(row, REDACTS, _redacts),
            warnings=tuple(one["message"] for one in warnings_of(row, head)),
            left_out=left_out,
        )


def _redacts(asked: RequestPayload) -> bool:
    return asked.params.get("redact_pii") is True
