"""Answer /api/v1/accesses: who has read what was said, and when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.paging import PAGE, after_of, limit_of, page_answer, refuse_if
from stenolog.edge.ports import StreamsOfSubject
from stenolog.edge.transcriptions.of_subject import SUBJECT_CHARS_MAX, of_subject
from stenolog.edge.transcriptions.reading import ID, Reading
from stenolog.log.accesses import AccessPage, AccessQuery
from stenolog.log.event import Event

QUERY = ("transcript_id", "subject", "actor", *PAGE)
SECONDS_PER_MINUTE = 60


class StoredAccesses(Protocol):
    """Finds reads that were recorded; the store of the log keeps this promise."""

    async def accesses(self, query: AccessQuery, /) -> AccessPage:
        """Return a page of them.

        Raises:
            RecordDamaged: One of its records is damaged.
            StoreUnavailable: The log cannot be read now.
        """
        ...


class AccessList:
    """Shows the log's record of reads; it reads the log, so it never lags."""

    def __init__(
        self,
        reading: Reading,
        accesses: StoredAccesses,
        streams_of_subject: StreamsOfSubject,
        cursors: Cursors,
    ) -> None:
        self._reading = reading
        self._accesses = accesses
        self._streams_of_subject = streams_of_subject
        self._cursors = cursors

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page, the newest first."""
        query = request.query_params
        wrong: list[tuple[str, str]] = []
        transcript, subject, actor = (query.get(name) or None for name in QUERY[:3])
        for name, given in (("transcript_id", transcript), ("actor", actor)):
            if given is not None and not ID.fullmatch(given):
                wrong.append((name, "must be an id as they are shown: a UUID in lower case"))
        if subject is not None and transcript is not None:
            wrong.append(("subject", "cannot be given with transcript_id: give one of them"))
        if len(subject or "") > SUBJECT_CHARS_MAX:
            wrong.append(("subject", f"must have at most {SUBJECT_CHARS_MAX} characters"))
        limit = limit_of(query, wrong)
        after = after_of(query, self._cursors.number, wrong)
        refuse_if(wrong)
        found = await self._accesses.accesses(
            AccessQuery(
                tenant=caller.tenant,
                transcripts=await self._among(caller.tenant, transcript, subject),
                actor=actor,
                before=after,
                limit=limit,
            )
        )
        following = None if found.next is None else self._cursors.of_number(found.next)
        return page_answer([_item(event) for event in found.events], following)

    async def _among(
        self, tenant: str, transcript: str | None, subject: str | None
    ) -> Collection[str] | None:
        if transcript is not None:
            await self._reading.require(tenant, transcript)
            return (transcript,)
        if subject is not None:
            return await of_subject(self._streams_of_subject, tenant, subject)
        return None


def _item(event: Event) -> bytes:
    minute = datetime.fromtimestamp(event.data["minute"] * SECONDS_PER_MINUTE, UTC)
    return orjson.dumps(
        {
            "transcript_id": event.data["transcript"],
            "view": event.data["view"],
            "actor": event.actor,
            "minute": minute.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "recorded_at": event.time,
            "position": event.position,
            "correlation_id": event.correlation_id,
        }
    )
