"""Put holds on all of a subject: what is there, and whatever is requested later.

A hold on a subject is noted in `keys.db`, under the keyed hash of whom it is about, so that a later
request begins with it. A request notes its subject before it looks for holds, and looks once more
when it is recorded; a hold is noted before it looks for requests. So one of the two sees the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from stenolog.clock import microseconds
from stenolog.commands.transcription.state import stream_of
from stenolog.compliance.forgetting.hold_state import (
    HeldSubject,
    HeldSubjects,
    Hold,
    fold,
    read_payload,
)
from stenolog.compliance.subjects import STREAMS_PER_PAGE_MAX, Subjects
from stenolog.errors import KeyLost, KeyMissing, PayloadDamaged
from stenolog.log.events.holds import HOLD, HoldExtended
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.facts import erasure_key, hold_applied
from stenolog.log.listing import STREAMS_PER_PAGE_MAX as HOLDS_PER_PAGE_MAX
from stenolog.log.listing import StreamLists
from stenolog.log.recorder import Cause, Fact, FactRecorder, Record, id_at
from stenolog.log.store import EVENTS_PER_APPEND_MAX, EventStore, Sealer

CUT_OFF_MS_MAX = 3_600_000  # longer than any request takes
KEY_ADVICE = "its key is lost: restore the newest keys.db, or place the hold again"

log = structlog.get_logger()


class HoldExtension:
    """Notes which subjects are on hold, and puts their transcriptions on hold."""

    def __init__(
        self,
        events: EventStore,
        lists: StreamLists,
        facts: FactRecorder,
        sealer: Sealer,
        rows: HeldSubjects,
        subjects: Subjects,
    ) -> None:
        self._events = events
        self._lists = lists
        self._facts = facts
        self._sealer = sealer
        self._rows = rows
        self._subjects = subjects

    async def on_subject(self, tenant: str, subject: str) -> Sequence[str]:
        """Return the ids of the holds on a subject, for what is about to be requested.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        digest = self._subjects.digest(tenant, subject)
        return await self._rows.holds_of_subject(tenant, digest)

    async def apply(self, cause: Cause, transcription_id: str, holds: Sequence[str]) -> None:
        """Put a transcription on these holds, if it is in the log; repeating changes nothing.

        Raises:
            StoreUnavailable: It is not on all of them; try again.
        """
        stream = stream_of(transcription_id)
        if holds and await self._events.version(stream):
            for hold in holds:
                await self._facts.record(stream, [hold_applied(transcription_id, hold)], cause)

    async def extend(self, hold_id: str, digest: bytes, cause: Cause, *, after: str = "") -> None:
        """Note the subject, and put all of its transcriptions behind the name `after` on hold.

        Raises:
            StoreUnavailable: It is not on all of them; try again.
        """
        held = HeldSubject(hold=hold_id, tenant=cause.tenant, digest=digest)
        await self._rows.hold_subject(held)
        transcripts = erased = 0
        while streams := await self._subjects.streams_with(
            cause.tenant, digest, after=after, limit=STREAMS_PER_PAGE_MAX
        ):
            begun = [one for one in streams if await self._events.version(one)]
            for first in range(0, len(begun), EVENTS_PER_APPEND_MAX):
                some = begun[first : first + EVENTS_PER_APPEND_MAX]
                await self._apply_all(hold_id, some, cause)
                gone = [one for one in some if await self._is_erased(one)]
                transcripts, erased = transcripts + len(some) - len(gone), erased + len(gone)
            after = streams[-1]
        hold = await self._loaded(hold_id)
        if hold is not None and hold.extended is None and hold.released is None:
            extended = Fact(data=HoldExtended(transcripts=transcripts, erased=erased))
            await self._facts.record(hold.stream, [extended], cause, expected=hold.version)

    async def end(self, hold_id: str) -> None:
        """Note that a hold is released.

        Raises:
            StoreUnavailable: It may still be noted; try again.
        """
        await self._rows.release_subject(hold_id)

    async def reach(self) -> None:
        """Finish what a crash cut off, once at a start, before anything is served.

        A hold that older keys do not know of is noted again, and one that was not on all of its
        subject's transcriptions is put on the rest.

        Raises:
            StoreError: Log or keys cannot be read or written.
        """
        after = ""
        while ids := await self._lists.of_all(HOLD, after=after, limit=HOLDS_PER_PAGE_MAX):
            noted = await self._rows.held_among(ids)
            for hold_id in ids:
                hold = await self._loaded(hold_id)
                if hold is not None and hold.transcription is None:
                    await self._reach(hold, is_noted=hold_id in noted)
            after = ids[-1]

    async def _reach(self, hold: Hold, *, is_noted: bool) -> None:
        if hold.released is not None:
            if is_noted:
                await self._rows.release_subject(hold.id)
            return
        sealed = await self._events.payload(hold.placed.position)
        try:
            opened = b"" if sealed is None else await self._sealer.open(hold.placed.id, sealed)
        except (KeyMissing, KeyLost, PayloadDamaged):
            opened = b""
        digest = read_payload(opened)[1] if opened else None
        if digest is None:
            log.error("hold.not_extended", hold_id=hold.id, advice=KEY_ADVICE)
            return
        placed = hold.placed
        cause = Cause(tenant=hold.tenant, actor=placed.actor, correlation_id=placed.correlation_id)
        if is_noted and hold.extended is not None:
            # A request that a crash cut off may not have looked for holds a second time.
            await self.extend(hold.id, digest, cause, after=await self._before_the_last())
            return
        await self.extend(hold.id, digest, cause)
        log.info("hold.extended_again", hold_id=hold.id, reason="a crash, or older keys")

    async def _before_the_last(self) -> str:
        """Return a name before those of all requests that the last process may have cut off."""
        last = await self._events.read(after=await self._events.head() - 1, limit=1)
        at_ms = microseconds(last[0].time) // 1000 if last else 0
        return stream_of(id_at(max(0, at_ms - CUT_OFF_MS_MAX)))

    async def _apply_all(self, hold_id: str, streams: Sequence[str], cause: Cause) -> None:
        """Put these on hold in one append, or, where some are already, one by one."""
        records = [
            Record(stream=one, facts=[hold_applied(one.removeprefix(TRANSCRIPTION), hold_id)])
            for one in streams
        ]
        if (await self._facts.record_all(records, cause))[0].already_there:
            for record in records:
                await self._facts.record_all([record], cause)

    async def _is_erased(self, stream: str) -> bool:
        key = erasure_key(stream.removeprefix(TRANSCRIPTION))
        return await self._events.position_of(key) is not None

    async def _loaded(self, hold_id: str) -> Hold | None:
        return fold(hold_id, await self._events.read_stream(HOLD + hold_id))
