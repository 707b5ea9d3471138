"""What is erased while the projector is at work: nobody waits for it, and nothing comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.log.event import SealedPayload
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.run.projector import Projector
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.answers import EVERYTHING, full_answer
from tests.unit.projections.events import MemoryLog, OpenSealer, transcription_id

DEADLINE_S = 20


class HeldSealer(OpenSealer):
    """Opens a payload and, of a certain type of event, keeps it until it may be handed on."""

    def __init__(self, log: MemoryLog, held: str) -> None:
        super().__init__(log)
        self._held = held
        self.opened = asyncio.Event()
        self.hands_on = asyncio.Event()

    async def open(self, event_id: str, sealed: SealedPayload) -> bytes:
        plaintext = await super().open(event_id, sealed)
        if self._log.opened[-1] == self._held:
            self.opened.set()
            await self.hands_on.wait()
        return plaintext


@pytest.mark.parametrize("rebuilt", [False, True])
@pytest.mark.parametrize("held", ["transcription.requested", "transcription.completed"])
async def test_an_erasure_waits_for_no_batch_and_no_batch_brings_anything_back(
    tmp_path: Path, held: str, *, rebuilt: bool
) -> None:
    log, views = MemoryLog(), await SqliteViews.open(tmp_path / "views.db")
    request = log.request(1, **EVERYTHING)
    log.claim(1)
    log.complete(1, full_answer())
    log.done(2, full_answer(), **EVERYTHING)
    sealer = HeldSealer(log, held)
    projector = Projector(
        log_store=log, sealer=sealer, views=views, projections=PROJECTIONS, now_ms=lambda: 0
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            if rebuilt:
                sealer.hands_on.set()
                await projector.catch_up()
                sealer.hands_on.clear()
                sealer.opened.clear()
                await projector.rebuild("all")
            working = asyncio.create_task(projector.catch_up())
            await sealer.opened.wait()
            log.destroy_key(request.stream)
            await projector.erase(transcription_id(1))
            assert not working.done()
            sealer.hands_on.set()
            await working
        row = await views.transcription(transcription_id(1))
        assert row is not None
        assert (row.erased, row.audio_url) == (True, "")
        assert await views.request(transcription_id(1)) is None
        assert await views.customer_body(transcription_id(1)) is None
        for view in ITEM_VIEWS:
            assert await views.view_state(transcription_id(1), view) == "erased"
        assert await views.customer_body(transcription_id(2)) is not None
    finally:
        await projector.close()
        await views.close()
