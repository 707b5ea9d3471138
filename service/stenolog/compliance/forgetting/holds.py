"""Place and release legal holds: what is on hold is not erased, neither on demand nor by age.

A hold has a stream of its own, and stands in the stream of every transcription that it is on: there
an erasure meets it. It is in force until its own stream says that it is released.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from stenolog.commands.erasing import TRIES_MAX
from stenolog.commands.transcription.state import stream_of
from stenolog.compliance.forgetting.hold_extension import HoldExtension
from stenolog.compliance.forgetting.hold_state import Hold, fold, payload_of, read_payload
from stenolog.compliance.subjects import Subjects
from stenolog.errors import (
    KeyLost,
    KeyMissing,
    NotFound,
    PayloadDamaged,
    StoreUnavailable,
    WrongExpectedVersion,
)
from stenolog.log.events.holds import HOLD, HoldPlaced
from stenolog.log.facts import hold_applied, hold_released
from stenolog.log.listing import StreamLists
from stenolog.log.recorder import Cause, Fact, FactRecorder, Record
from stenolog.log.store import EventStore, Sealer
from stenolog.owned_tasks import log_failure

Json = Mapping[str, object]
UNKNOWN = "There is no such hold"


class Holds:
    """Places, shows and releases holds."""

    def __init__(
        self,
        events: EventStore,
        lists: StreamLists,
        facts: FactRecorder,
        sealer: Sealer,
        subjects: Subjects,
        extension: HoldExtension,
    ) -> None:
        self._events = events
        self._lists = lists
        self._facts = facts
        self._sealer = sealer
        self._subjects = subjects
        self._extension = extension

    async def place_on_transcription(self, cause: Cause, transcription_id: str, reason: str) -> str:
        """Put one transcription on hold, which the tenant has; return the hold's id.

        From then on it is not erased; of one that is erased already the hold keeps nothing.

        Raises:
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        hold_id = self._events.event_id()
        placed = Fact(
            data=HoldPlaced(transcription=transcription_id), payload=payload_of(reason, None)
        )
        applied = hold_applied(transcription_id, hold_id)
        records = [
            Record(stream=HOLD + hold_id, facts=[placed], expected=0),
            Record(stream=stream_of(transcription_id), facts=[applied]),
        ]
        await self._facts.record_all(records, cause)
        return hold_id

    async def place_on_subject(self, cause: Cause, subject: str, reason: str) -> str:
        """Put all of a subject on hold, later ones too; return the hold's id.

        Raises:
            StoreUnavailable: It may be on some; the next start puts it on the rest.
            OutcomeUnknown: As that.
        """
        hold_id = self._events.event_id()
        digest = self._subjects.digest(cause.tenant, subject)
        placed = Fact(data=HoldPlaced(transcription=None), payload=payload_of(reason, digest))
        await self._facts.record(HOLD + hold_id, [placed], cause, expected=0)
        # Whoever goes away meanwhile cuts nothing off: a hold that was begun is finished.
        extending = asyncio.ensure_future(self._extension.extend(hold_id, digest, cause))
        extending.add_done_callback(lambda task: log_failure(task, "hold.not_extended"))
        await asyncio.shield(extending)
        return hold_id

    async def release(self, cause: Cause, hold_id: str) -> None:
        """Release the hold; repeating changes nothing.

        Raises:
            NotFound: The tenant has no such hold.
            StoreUnavailable: It may be released; try again.
        """
        for _ in range(TRIES_MAX):
            hold = await self.find(cause.tenant, hold_id)
            if hold.released is None:
                released = [hold_released(hold_id)]
                try:
                    await self._facts.record(hold.stream, released, cause, expected=hold.version)
                except WrongExpectedVersion:
                    continue
            await self._extension.end(hold_id)
            return
        raise StoreUnavailable("the hold changes too often; ask again")

    async def shown(self, tenant: str, hold_id: str) -> Json:
        """Return the hold as JSON values; raises as `find`."""
        return await self._shown(await self.find(tenant, hold_id))

    async def find(self, tenant: str, hold_id: str) -> Hold:
        """Return the tenant's hold.

        Raises:
            NotFound: There is none.
            StoreError: It cannot be read.
        """
        hold = await self._loaded(hold_id)
        if hold is None or hold.tenant != tenant:
            raise NotFound(UNKNOWN)
        return hold

    async def page(self, tenant: str, *, before: str, limit: int) -> Sequence[Json]:
        """Return at most `limit` of the tenant's holds, newest first, behind the id `before`.

        Raises:
            StoreError: They cannot be read.
        """
        ids = await self._lists.of_tenant(tenant, HOLD, before=before, limit=limit)
        found = [await self._loaded(one) for one in ids]
        return [await self._shown(one) for one in found if one is not None]

    async def _shown(self, hold: Hold) -> Json:
        transcripts, erased = hold.extended or (None, None)
        released = hold.released
        return {
            "id": hold.id,
            "scope": "subject" if hold.transcription is None else "transcript",
            "transcript_id": hold.transcription,
            "reason": await self._reason_of(hold),
            "in_force": released is None,
            "placed_at": hold.placed.time,
            "placed_by": hold.placed.actor,
            "released_at": released.time if released else None,
            "released_by": released.actor if released else None,
            "transcripts": 1 if hold.transcription is not None else transcripts,
            "erased_before": 0 if hold.transcription is not None else erased,
        }

    async def _reason_of(self, hold: Hold) -> str | None:
        """Return why it was placed; None: that cannot be read any more."""
        sealed = await self._events.payload(hold.placed.position)
        if sealed is None:
            return None
        try:
            return read_payload(await self._sealer.open(hold.placed.id, sealed))[0]
        except (KeyMissing, KeyLost, PayloadDamaged):
            return None

    async def _loaded(self, hold_id: str) -> Hold | None:
        return fold(hold_id, await self._events.read_stream(HOLD + hold_id))
