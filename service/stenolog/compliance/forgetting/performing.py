"""Carry out erasures that were ordered, a piece of each at a time, until all is gone everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

import structlog

from stenolog.bounded import BoundedMemory
from stenolog.commands.erasing import ErasureRequests, UnderHold
from stenolog.commands.erasure_order import ErasureOrder, Outcome
from stenolog.commands.transcription.state import Transcription
from stenolog.compliance.erasure import Eraser
from stenolog.compliance.forgetting.orders import ErasureOrders
from stenolog.errors import RecordDamaged, StoreError
from stenolog.heartbeat import Heartbeat
from stenolog.log.actors import SYSTEM
from stenolog.log.events.erasures import ErasureEnded, ErasurePerformed
from stenolog.log.recorder import Cause
from stenolog.repeated import Repeated

PIECE = 64  # transcriptions of one erasure, then the next erasure has its turn
AT_ONCE = 8
OPEN_PER_PAGE = 100
PAUSE_MS_MIN, PAUSE_MS_MAX = 200, 30_000
REMEMBERED_MAX = 10_000

log = structlog.get_logger()


class Transcriptions(Protocol):
    """Loads transcriptions from the log; `commands/handler` keeps this promise."""

    async def load(self, transcription_id: str) -> Transcription:
        """Return the transcription as it stands; version 0 when there is none."""
        ...


class Performer:
    """Goes round all erasures that have not ended.

    Attributes:
        heartbeat: Beats while it rests, and with every piece.
        on_requested: Told of each transcription whose erasure is recorded, before it is done.
    """

    def __init__(
        self,
        orders: ErasureOrders,
        requests: ErasureRequests,
        transcriptions: Transcriptions,
        eraser: Eraser,
    ) -> None:
        self._orders = orders
        self._requests = requests
        self._transcriptions = transcriptions
        self._eraser = eraser
        self._stirred = asyncio.Event()
        self._repeated = Repeated()
        # Where those begin that were not tried yet: what fails does not stand before the rest.
        self._begin_at: BoundedMemory[str, int] = BoundedMemory(REMEMBERED_MAX)
        self._gone: BoundedMemory[str, int] = BoundedMemory(REMEMBERED_MAX)
        self.heartbeat = Heartbeat()
        self.on_requested: list[Callable[[str], object]] = []

    def stir(self) -> None:
        """Have it look at once; repeating costs nothing."""
        self._stirred.set()

    async def run(self) -> NoReturn:
        """Go round until cancelled; less and less often while nothing can be done."""
        pause_ms = PAUSE_MS_MIN
        while True:
            moved = await self.round()
            pause_ms = PAUSE_MS_MIN if moved else min(2 * pause_ms, PAUSE_MS_MAX)
            self.heartbeat.beat()
            if not moved:
                await self._rest(pause_ms)

    async def round(self) -> bool:
        """Do a piece of each erasure; tell whether anything was done."""
        moved, after = False, ""
        try:
            while ids := await self._orders.open_ones(after=after, limit=OPEN_PER_PAGE):
                for erasure_id in ids:
                    moved = await self._turn(erasure_id) or moved
                    self.heartbeat.beat()
                after = ids[-1]
        except StoreError as exc:
            self._tell("", exc)
        return moved

    async def _rest(self, pause_ms: int) -> None:
        resting = asyncio.ensure_future(self.heartbeat.rest(pause_ms))
        stirred = asyncio.ensure_future(self._stirred.wait())
        try:
            await asyncio.wait({resting, stirred}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (resting, stirred):
                task.cancel()
            await asyncio.gather(resting, stirred, return_exceptions=True)
        self._stirred.clear()

    async def _turn(self, erasure_id: str) -> bool:
        try:
            order = await self._orders.load(erasure_id)
            return await self._piece(order) if order.left else await self._end(order)
        except StoreError as exc:  # one that another process of ours moved on, too
            self._tell(erasure_id, exc)
            return False

    async def _piece(self, order: ErasureOrder) -> bool:
        left = order.left
        begin_at = (self._begin_at.get(order.id) or 0) % len(left)
        piece = (*left[begin_at:], *left[:begin_at])[:PIECE]
        outcomes = await self._erased(order, piece)
        self._begin_at.put(order.id, begin_at + len(piece) - len(outcomes))
        if not outcomes:
            return False
        of: dict[Outcome, list[str]] = {"erased": [], "held": [], "missing": []}
        for transcription_id, outcome in outcomes:
            of[outcome].append(transcription_id)
        await self._orders.record(order, ErasurePerformed(**of), SYSTEM)
        log.info("erasure.performed", erasure_id=order.id, **{k: len(v) for k, v in of.items()})
        return True

    async def _erased(
        self, order: ErasureOrder, piece: Sequence[str]
    ) -> Sequence[tuple[str, Outcome]]:
        """Erase these here; return what became of those that did not fail."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(transcription_id: str) -> tuple[str, Outcome] | None:
            async with slots:
                try:
                    return transcription_id, await self._erase(order, transcription_id)
                except StoreError as exc:
                    self._tell(order.id, exc)
                    return None

        found = await asyncio.gather(*(one(each) for each in piece))
        return [each for each in found if each is not None]

    async def _erase(self, order: ErasureOrder, transcription_id: str) -> Outcome:
        if not await self._is_there(order, transcription_id):
            return "missing"
        cause = Cause(tenant=order.tenant, actor=order.actor, correlation_id=order.correlation_id)
        try:
            requested = await self._requests.request(transcription_id, cause, erasure=order.id)
        except UnderHold:
            return "held"
        for told in self.on_requested:
            told(transcription_id)
        if requested.damaged is not None:
            self._tell(order.id, requested.damaged)
        if not requested.erased:
            await self._eraser.erase_now(
                transcription_id,
                requested_position=requested.position,
                upload=requested.upload,
                handle_sealed=requested.handle_sealed,
            )
        return "erased"

    async def _is_there(self, order: ErasureOrder, transcription_id: str) -> bool:
        try:
            state = await self._transcriptions.load(transcription_id)
        except RecordDamaged:
            return True  # it was the tenant's when the erasure was ordered
        return bool(state.version) and state.tenant == order.tenant

    async def _end(self, order: ErasureOrder) -> bool:
        """Record the end once all that was erased is gone at the providers, too."""
        erased = order.with_outcome("erased")
        gone = self._gone.get(order.id) or 0
        for transcription_id in erased[gone:]:
            if not (await self._transcriptions.load(transcription_id)).erased:
                self._gone.put(order.id, gone)
                return False
            gone += 1
        held, missing = order.with_outcome("held"), order.with_outcome("missing")
        ended = ErasureEnded(transcripts=len(erased), held=len(held), missing=len(missing))
        await self._orders.record(order, ended, SYSTEM)
        log.info(
            "erasure.ended",
            erasure_id=order.id,
            erased=len(erased),
            held=len(held),
            missing=len(missing),
        )
        return True

    def _tell(self, erasure_id: str, failure: StoreError) -> None:
        times = self._repeated.times((erasure_id, failure.code))
        if times:
            log.warning(
                "erasure.put_off",
                erasure_id=erasure_id or None,
                times=times,
                reason=str(failure),
                advice="none is needed while it passes: it is tried again",
            )
