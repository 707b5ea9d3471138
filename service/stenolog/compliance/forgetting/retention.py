"""Erase what was kept for as long as its retention class says, and report what is due.

The views only name candidates: whether one is due, and not on hold, is decided on its stream. The
time is the log's own, which a machine's clock that jumps does not move.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn, Protocol

import structlog

from stenolog.clock import rfc3339
from stenolog.commands.erasing import holds_in_force
from stenolog.commands.retention import erase_at_of
from stenolog.compliance.forgetting.orders import ErasureOrders
from stenolog.compliance.forgetting.performing import OPEN_PER_PAGE, Performer, Transcriptions
from stenolog.errors import RecordDamaged, StoreError
from stenolog.heartbeat import Heartbeat
from stenolog.log.actors import SYSTEM
from stenolog.log.recorder import Cause, new_id
from stenolog.log.store import EventStore
from stenolog.repeated import Repeated

ROUND_MS = 60_000
DUE_PER_PAGE = 200
DUE_PER_ROUND_MAX = 2_000  # then the next round has its turn
FIRST = ("", "")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """A transcription whose retention ends at a time, as the views have it."""

    id: str
    tenant: str
    erase_at: str


class DueRows(Protocol):
    """Names what is due; `stores/*/views` keeps this promise."""

    async def due(
        self, tenant: str | None, *, until: str, after: tuple[str, str], limit: int
    ) -> Sequence[DueRow]:
        """Return at most `limit` that are due until a time, the longest due first.

        They are behind the time and id `after`. `tenant` None: of all.

        Raises:
            StoreUnavailable: The views cannot be read.
        """
        ...


class Retention:
    """Orders erasures of what is due, once a minute.

    Attributes:
        heartbeat: Beats while it rests.
    """

    def __init__(
        self,
        rows: DueRows,
        events: EventStore,
        transcriptions: Transcriptions,
        orders: ErasureOrders,
        performer: Performer,
    ) -> None:
        self._rows = rows
        self._events = events
        self._transcriptions = transcriptions
        self._orders = orders
        self._performer = performer
        self._repeated = Repeated()
        self._after = FIRST
        self.heartbeat = Heartbeat()

    async def run(self) -> NoReturn:
        """Order what is due until cancelled."""
        while True:
            try:
                await self.round(self.now())
            except StoreError as exc:
                if self._repeated.times(exc.code):
                    log.warning("retention.put_off", reason=str(exc), retry_in_ms=ROUND_MS)
            await self.heartbeat.rest(ROUND_MS)

    async def round(self, now: str) -> int:
        """Order what is due at `now` (RFC 3339), and not held, nor ordered before; return how many.

        Raises:
            StoreError: Something cannot be read or written.
        """
        ordered = await self._ordered()
        of: dict[str, list[str]] = defaultdict(list)
        held = seen = 0
        while seen < DUE_PER_ROUND_MAX:
            page = await self._rows.due(None, until=now, after=self._after, limit=DUE_PER_PAGE)
            for row in page:
                if row.id in ordered:
                    continue
                match await self._state_of(row, now):
                    case "due":
                        of[row.tenant].append(row.id)
                    case "held":
                        held += 1
                    case _:
                        continue
            self._after = (page[-1].erase_at, page[-1].id) if len(page) == DUE_PER_PAGE else FIRST
            seen += len(page)
            self.heartbeat.beat()
            if self._after == FIRST:
                break
        for tenant, ids in of.items():
            cause = Cause(tenant=tenant, actor=SYSTEM, correlation_id=new_id())
            await self._orders.of_transcriptions(cause, ids, scope="retention")
        due = sum(map(len, of.values()))
        if due:
            self._performer.stir()
            log.info("retention.ordered", transcripts=due, held=held)
        return due

    async def report(
        self, tenant: str, *, until: str | None, after: tuple[str, str], limit: int
    ) -> Sequence[Mapping[str, object]]:
        """Return at most `limit` that are due until a time (None: now), each with its `state`.

        `due`, or `held` by a legal hold; erased ones are not among them. Nothing is changed.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        until = until or self.now()
        rows = await self._rows.due(tenant, until=until, after=after, limit=limit)
        found = [(row, await self._state_of(row, until)) for row in rows]
        return [
            {"transcript_id": row.id, "erase_at": row.erase_at, "state": state}
            for row, state in found
        ]

    def now(self) -> str:
        """Return the log's time, RFC 3339."""
        at_ms = uuid.UUID(self._events.event_id()).int >> 80
        return rfc3339(at_ms * 1_000)

    async def _state_of(self, row: DueRow, until: str) -> str:
        """Tell from the log whether it is to be erased: `due`, `held`, `kept`, `damaged`."""
        try:
            state = await self._transcriptions.load(row.id)
        except RecordDamaged:
            return "damaged"  # nobody can tell how long it was to be kept
        erase_at = erase_at_of(state)
        if state.erasing or erase_at is None or erase_at > until:
            return "kept"
        return "held" if await holds_in_force(self._events, state) else "due"

    async def _ordered(self) -> set[str]:
        """Return what erasures that have not ended are to erase yet."""
        found: set[str] = set()
        after = ""
        while ids := await self._orders.open_ones(after=after, limit=OPEN_PER_PAGE):
            for erasure_id in ids:
                with suppress(RecordDamaged):  # it goes no further; what it is of is ordered anew
                    found.update((await self._orders.load(erasure_id)).left)
            after = ids[-1]
        return found
