"""Order erasures: of one transcription, of all of a subject, or of what is due.

What an erasure is of is in the log before it is answered, as ids alone: whoever the subject was is
not kept, and a crash at any step leaves the rest to be done.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from stenolog.bounded import BoundedMemory
from stenolog.commands.erasure_order import ErasureOrder, evolve
from stenolog.compliance.subjects import STREAMS_PER_PAGE_MAX, Subjects
from stenolog.log.event_data import EventData
from stenolog.log.events.erasures import (
    ERASURE,
    LISTED_PER_EVENT_MAX,
    ErasureListed,
    ErasureOrdered,
    ErasureScope,
)
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.listing import StreamLists
from stenolog.log.recorder import Cause, Fact, FactRecorder
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

TRANSCRIPTIONS_MAX = 10_000  # of one erasure: ten events of a thousand ids, in one append
ORDERS_KEPT_MAX = 64  # of states in memory: 10,000 ids are some 2 MB


class ErasureOrders:
    """Records erasures and how far they are; `performing` carries them out."""

    def __init__(
        self, events: EventStore, lists: StreamLists, facts: FactRecorder, subjects: Subjects
    ) -> None:
        self._events = events
        self._lists = lists
        self._facts = facts
        self._subjects = subjects
        self._states: BoundedMemory[str, ErasureOrder] = BoundedMemory(ORDERS_KEPT_MAX)

    async def of_subject(self, cause: Cause, subject: str) -> str:
        """Order the erasure of all transcriptions that the tenant has of a subject; return its id.

        It is of those that were requested before; of more than 10,000 it takes the first, and says
        that there are more.

        Raises:
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        found: list[str] = []
        after = ""
        while len(found) <= TRANSCRIPTIONS_MAX:
            streams = await self._subjects.streams_of(
                cause.tenant, subject, after=after, limit=STREAMS_PER_PAGE_MAX
            )
            if not streams:
                break
            found += [one.removeprefix(TRANSCRIPTION) for one in streams]
            after = streams[-1]
        return await self.of_transcriptions(cause, found, scope="subject")

    async def of_transcriptions(
        self, cause: Cause, transcriptions: Sequence[str], *, scope: ErasureScope
    ) -> str:
        """Order the erasure of these; raises as `of_subject`."""
        taken = transcriptions[:TRANSCRIPTIONS_MAX]
        more = len(transcriptions) > len(taken)
        facts: list[EventData] = [
            ErasureOrdered(scope=scope, transcripts=len(taken), more=more),
            *(
                ErasureListed(transcriptions=list(taken[first : first + LISTED_PER_EVENT_MAX]))
                for first in range(0, len(taken), LISTED_PER_EVENT_MAX)
            ),
        ]
        erasure_id = self._events.event_id()
        await self._facts.record(
            ERASURE + erasure_id, [Fact(data=one) for one in facts], cause, expected=0
        )
        return erasure_id

    async def record(self, order: ErasureOrder, data: EventData, actor: str) -> None:
        """Record what became of it, at the version at which that was decided.

        Raises:
            WrongExpectedVersion: It moved on; nothing was written.
            StoreUnavailable: Nothing was written.
        """
        cause = Cause(tenant=order.tenant, actor=actor, correlation_id=order.correlation_id)
        await self._facts.record(order.stream, [Fact(data=data)], cause, expected=order.version)

    async def load(self, erasure_id: str) -> ErasureOrder:
        """Return the erasure as it stands; version 0 when there is none.

        Raises:
            RecordDamaged: One of its records is.
            StoreUnavailable: The log cannot be read now.
        """
        order = self._states.pop(erasure_id) or ErasureOrder(id=erasure_id)
        while True:
            events = await self._events.read_stream(order.stream, after=order.version)
            for event in events:
                order = evolve(order, event)
            if len(events) < EVENTS_PER_READ_MAX:
                break
        if order.version:
            self._states.put(erasure_id, order)
        return order

    async def page(self, tenant: str, *, before: str, limit: int) -> AsyncIterator[ErasureOrder]:
        """Yield at most `limit` of a tenant's erasures, newest first, behind the id `before`.

        One after the other: each may have ten thousand ids.

        Raises:
            StoreError: They cannot be read.
        """
        for one in await self._lists.of_tenant(tenant, ERASURE, before=before, limit=limit):
            yield await self.load(one)

    async def open_ones(self, *, after: str, limit: int) -> Sequence[str]:
        """Return ids of erasures that have not ended, of all tenants, in order.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        return await self._lists.owed(ERASURE, after=after, limit=limit)
