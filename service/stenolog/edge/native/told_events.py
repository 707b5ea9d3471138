"""Write public events as they are told, with what was said beside them where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import orjson
from starlette.datastructures import QueryParams

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.access.authentication import require
from stenolog.edge.http.content_reads import ContentReads
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import NotFound, StoreError, StoreUnavailable
from stenolog.feed.cloud_events import cloud_event
from stenolog.feed.consumers.batches import Told
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionFailed,
)
from stenolog.log.recorder import Cause
from stenolog.projections.views import ViewReader

INCLUDE = "include"
PAYLOAD = "payload"
PAYLOAD_SCOPE = "transcripts:read"
# CloudEvents 1.0, size limits: intermediaries need not forward events over 64 KiB.
PAYLOAD_BYTES_MAX = 60 << 10
PAYLOADS_BYTES_MAX = 1 << 20  # of one page
STREAMED_BYTES_MAX = PAYLOAD_BYTES_MAX  # of one page of a stream: there may be a thousand
OUTCOMES = frozenset(
    {TranscriptionCompleted.type, TranscriptionCompletedLate.type, TranscriptionFailed.type}
)

Absence = Literal["none", "erased", "not_ready", "unavailable", "too_large", "page_full"]
"""Why there is no payload.

none: Events of this type have none. erased: Nobody can read it any more. not_ready: The views do
not show the outcome, for now or for good; the link says which. unavailable: It cannot be read now.
too_large: It is over `PAYLOAD_BYTES_MAX`. page_full: Those before it have taken what a page has.
"""


class _TooLarge(Exception):
    pass


def include_of(query: QueryParams, caller: ApiKey, wrong: list[tuple[str, str]]) -> bool:
    """Tell whether payloads are asked for; describe in `wrong` what is wrong with it.

    Raises:
        Forbidden: They are, and the key may not read transcripts.
    """
    given = query.get(INCLUDE) or ""
    if not given:
        return False
    if given != PAYLOAD:
        wrong.append((INCLUDE, f"must be {PAYLOAD}"))
        return False
    require(caller, PAYLOAD_SCOPE)
    return True


class ToldEvents:
    """Writes them as JSON.

    A payload is what `GET /v2/transcript/{id}` shows, redacted as that is; who is shown it is
    recorded.
    """

    def __init__(
        self, reading: Reading, views: ViewReader, reads: ContentReads, public_url: str
    ) -> None:
        self._reads = reads
        self._reading = reading
        self._views = views
        self._public_url = public_url

    async def written(
        self, told: Sequence[Told], *, reader: Cause | None, bytes_max: int = PAYLOADS_BYTES_MAX
    ) -> list[bytes]:
        """Return each as JSON.

        `reader` is who is shown payloads; None: nobody. `bytes_max` is for all of them together.

        Raises:
            StoreUnavailable: The views cannot be read now, or what is shown cannot be recorded.
        """
        written, left, shown = [], bytes_max, list[str]()
        for one in told:
            event = cloud_event(one.event, previous=one.previous, public_url=self._public_url)
            if one.attempt:
                event["attempt"] = one.attempt
            if reader is not None:
                payload = await self._payload(one.event, left, shown)
                absent = not isinstance(payload, bytes)
                left -= 0 if absent else len(payload)
                event["data"] = {
                    **event["data"],
                    "payload": None if absent else orjson.Fragment(payload),
                    "payload_reason": payload if absent else None,
                }
            written.append(orjson.dumps(event))
        if reader is not None:
            await self._reads.note(reader, "payloads", shown)
        return written

    async def _payload(self, event: Event, left: int, shown: list[str]) -> bytes | Absence:
        """Return the payload, or why there is none; of whose text it has is added to `shown`."""
        if event.type not in OUTCOMES:
            return "none"
        transcription_id = event.stream.removeprefix(TRANSCRIPTION)
        try:
            row = await self._reading.find(event.tenant, transcription_id)
            if row.erased:
                return "erased"
            if row.open:
                return "not_ready"
            body = await self._views.customer_body(transcription_id, _room)
        except _TooLarge:
            return "too_large"
        except StoreUnavailable:
            raise
        except (NotFound, StoreError):
            return "unavailable"
        if body is None:
            return "unavailable"
        if len(body) > PAYLOAD_BYTES_MAX:
            return "too_large"
        if len(body) > left:
            return "page_full"
        if row.status == "completed":
            shown.append(transcription_id)
        return body


async def _room(bytes_max: int) -> None:
    """Let nothing be read that is too large."""
    if bytes_max > PAYLOAD_BYTES_MAX:
        raise _TooLarge
