"""List what a tenant had at a moment: from the log alone, each from its own events up to there."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Protocol

from stenolog.commands.transcription.state import Transcription
from stenolog.errors import KeyLost, RecordDamaged
from stenolog.log.event import Event
from stenolog.log.events.request_payload import request_in
from stenolog.log.events.submissions import SubmissionAccepted
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    ErasureRequested,
    TranscriptionFailed,
    TranscriptionRequested,
)
from stenolog.log.store import EventReads, Unsealer
from stenolog.projections.documents import ProjectionFailed, read_object, text_or_none
from stenolog.projections.of.status import PayloadDetails, details_in, row_of
from stenolog.projections.of.transcriptions import UNKNOWN_SENTENCE
from stenolog.projections.past.history import KEY_LOST, PastReader
from stenolog.projections.past.moments import Moment
from stenolog.projections.rows import StatusRow
from stenolog.projections.run.histories import Beginning, Histories
from stenolog.projections.run.opening import EventOpener, Prepared
from stenolog.projections.run.states import next_state

EVENTS_PER_LIST_MAX = 4_000  # of 200 transcriptions; those beyond it are read one by one
INLINE_EVENTS_MAX = 100  # folded here, in some 3 ms
INLINE_BYTES_MAX = 32 << 10  # of a payload that is parsed here, in some 5 ms
LISTED = "listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Details:
    """Says which payloads a list is made of: never results."""

    opens: frozenset[str] = frozenset(
        {TranscriptionRequested.type, SubmissionAccepted.type, TranscriptionFailed.type}
    )


class Requested(Protocol):
    """Finds what a tenant has requested; `stores/*/log` keeps this promise."""

    async def requested(
        self, tenant: str, *, before: int, limit: int, among: Collection[str] | None
    ) -> Sequence[Beginning]:
        """Return the last `limit` transcriptions requested before a position, newest first.

        `among`: only these streams.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        ...


class LogReads(Requested, Histories, Protocol):
    """What a list reads of the log, beside the streams that are read one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRow:
    """A transcription as it was known; `erased_at` as in `History`."""

    row: StatusRow
    erased_at: str | None


class PastList:
    """Makes pages; the work of a page is bounded by how many transcriptions it looks at."""

    def __init__(
        self, log: EventReads, sealer: Unsealer, reads: LogReads, past: PastReader
    ) -> None:
        self._log = log
        self._sealer = sealer
        self._reads = reads
        self._past = past

    async def rows(
        self,
        tenant: str,
        moment: Moment,
        *,
        before: int | None,
        limit: int,
        among: Collection[str] | None,
    ) -> tuple[Sequence[PastRow], int | None]:
        """Return at most `limit` rows, newest first, and behind which position to go on.

        `before`: only what was requested before this position. `among` has the ids of those that
        may be listed. A result is not opened: one that nobody can read is `completed` here.

        Raises:
            KeyLost: A key is not there, though nobody erased what it opens.
            RecordDamaged: A record is damaged or missing: what is left is not the list.
            StoreUnavailable: The log or the keys cannot be read now.
        """
        last = moment.position + 1
        found = await self._reads.requested(
            tenant,
            before=last if before is None else min(before, last),
            limit=limit + 1,
            among=None if among is None else [TRANSCRIPTION + one for one in among],
        )
        page = found[:limit]
        whole = await self._reads.read_streams(
            [one.stream for one in page], limit=EVENTS_PER_LIST_MAX
        )
        opener = EventOpener(self._log, self._sealer, {LISTED: _Details()}, self._reads)
        events = [one for stream in whole.values() for one in stream if _is_known(one, moment)]
        prepared = await opener.prepare(events, (LISTED,))
        rows = [
            await self._row(opener, prepared, one, moment, tenant, whole.get(one.stream))
            for one in page
        ]
        return rows, page[-1].position if len(found) > limit else None

    async def _row(
        self,
        opener: EventOpener,
        prepared: Prepared,
        begun: Beginning,
        moment: Moment,
        tenant: str,
        stream: Sequence[Event] | None,
    ) -> PastRow:
        if stream is None:  # damaged, or more than one read brings
            stream = await self._past.stream(begun.stream)
        if stream[0].tenant != tenant:
            raise RecordDamaged(
                f"an index has another event at position {begun.position}",
                position=begun.position,
                stream=begun.stream,
            )
        await asyncio.sleep(0)  # each holds the event loop on its own
        known = [event for event in stream if _is_known(event, moment)]
        erased_at = next((one.time for one in stream if one.type == ErasureRequested.type), None)
        state = Transcription(id=begun.stream.removeprefix(TRANSCRIPTION))
        if len(known) <= INLINE_EVENTS_MAX:
            state = reduce(next_state, known, state)
        else:
            state = await asyncio.to_thread(reduce, next_state, known, state)
        details = PayloadDetails(erased=True)
        if erased_at is None:
            details = await self._details(opener, prepared, state, known)
        row = row_of(state, details, position=known[-1].position)
        if erased_at is not None:
            row = stub_of(row)
        return PastRow(row=row, erased_at=erased_at)

    async def _details(
        self,
        opener: EventOpener,
        prepared: Prepared,
        state: Transcription,
        events: Sequence[Event],
    ) -> PayloadDetails:
        async def opened(event: Event) -> Mapping[str, Any] | None:
            found = await opener.read(event, (LISTED,), prepared, with_state=False)
            if found.lost:
                raise KeyLost(KEY_LOST)
            return None if found.erased else await _parsed(found.payload)

        request = await opened(events[0])
        if request is None:  # its erasure came after its events were read
            return PayloadDetails(erased=True)
        details = details_in(request_in(request))
        shown = state.shown_submission
        sealed = shown.accepted_position if shown and shown.provider_job is None else 0
        for event in events[1:]:
            if event.type == TranscriptionFailed.type and state.status == "error":
                error = text_or_none((await opened(event) or {}).get("error"))
                details = replace(details, error=error or UNKNOWN_SENTENCE)
            elif event.position == sealed:
                job = text_or_none((await opened(event) or {}).get("provider_job"))
                details = replace(details, sealed_job=job)
        return details


def stub_of(row: StatusRow) -> StatusRow:
    """Return what is left of an erased transcription: ids, times, status."""
    return replace(row, erased=True, error=None, provider_job=None)


def _is_known(event: Event, moment: Moment) -> bool:
    return event.position <= moment.position


async def _parsed(payload: bytes | None) -> Mapping[str, Any]:
    """Return a payload's object; whatever is odd counts as empty."""
    if payload is None:
        return {}
    try:
        if len(payload) <= INLINE_BYTES_MAX:
            return read_object(payload)
        return await asyncio.to_thread(read_object, payload)
    except ProjectionFailed:
        return {}
