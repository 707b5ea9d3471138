"""What is erased while the projector is at work: nobody waits for it, and nothing comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from stenolog.log.event import SealedPayload
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.rows import StatusRow
from stenolog.stores.sqlite.views.store import SqliteViews
from tests.log_samples import EXAMPLES
from tests.unit.projections.answers import EVERYTHING, full_answer
from tests.unit.projections.events import MemoryLog, OpenSealer, transcription_id
from tests.unit.projections.keys import MemoryKeys
from tests.unit.projections.running import projecting

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
    log, views = MemoryLog(), await SqliteViews.open(tmp_path / "views.db", MemoryKeys())
    request = log.request(1, **EVERYTHING)
    log.claim(1)
    log.complete(1, full_answer())
    log.done(2, full_answer(), **EVERYTHING)
    sealer = HeldSealer(log, held)
    try:
        async with projecting(log, views, sealer=sealer) as projector, asyncio.timeout(DEADLINE_S):
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
        await views.close()


async def test_what_is_erased_shows_nothing_more_although_its_key_is_still_needed(
    tmp_path: Path,
) -> None:
    """A job that is known by a sealed handle only must be removed at its provider first."""
    log, views = MemoryLog(), await SqliteViews.open(tmp_path / "views.db", MemoryKeys())
    log.request(1, **EVERYTHING)
    log.claim(1)
    try:
        async with projecting(log, views) as projector:
            await projector.catch_up()
            log.complete(1, full_answer())
            await projector.erase(transcription_id(1))
            await projector.catch_up()  # its erasure stands behind what can be read yet
            row = await views.transcription(transcription_id(1))
            assert row is not None
            assert (row.erased, row.audio_url) == (True, "")
            assert await views.customer_body(transcription_id(1)) is None
            assert await views.request(transcription_id(1)) is None
            log.erase(1)
            await projector.catch_up()
            assert await views.customer_body(transcription_id(1)) is None
    finally:
        await views.close()


async def seen_after(log: MemoryLog, path: Path, cuts: Sequence[int]) -> list[object]:
    """What the views say when batches end at these positions, and what they hold."""
    views = await SqliteViews.open(path, MemoryKeys())
    events = log.events
    try:
        async with projecting(log, views) as projector:
            for cut in (*cuts, len(events)):
                log.events = events[:cut]
                await projector.catch_up()
        row = await views.transcription(transcription_id(1))
        held = [(one.name, one.failures) for one in await views.projections() if one.failures]
        state = await views.state()
        known = await views.known(
            None, [one.generation for one in state.generations], {transcription_id(1)}
        )
        return [row, held, known.held]
    finally:
        log.events = events
        await views.close()


@pytest.mark.parametrize("broken", [0, 2, 3])
async def test_a_hold_ends_with_the_erasure_wherever_a_batch_ends(
    tmp_path: Path, broken: int
) -> None:
    """Of record `broken` nothing can be read; 0: of none, but the second has a newer shape."""
    log = MemoryLog()
    request = log.request(1, **EVERYTHING)
    if not broken:
        log.add(1, "submission.claimed", {"later": "shape"})
    log.claim(1)
    log.complete(1, full_answer())
    log.broken.add(broken)
    log.destroy_key(request.stream)
    log.erase(1)
    log.add(1, "submission.removed", EXAMPLES["submission.removed"])
    log.add(1, "erasure.completed", EXAMPLES["erasure.completed"])
    at_once = await seen_after(log, tmp_path / "at-once.db", ())
    row, held, _ = at_once
    assert isinstance(row, StatusRow)
    assert (row.erased, row.version) == (True, len(log.events))
    assert held == []
    for cut in range(1, len(log.events)):
        assert await seen_after(log, tmp_path / f"{cut}.db", (cut,)) == at_once, cut
    each = range(1, len(log.events))
    assert await seen_after(log, tmp_path / "each.db", each) == at_once
