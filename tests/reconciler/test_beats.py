"""The reconciler's heart stops when it hangs in following."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from stenolog.clock import now_ms
from stenolog.commands.transcription.state import Transcription
from stenolog.log.checkpoint import BEGINNING
from stenolog.log.open_page import OpenPage
from stenolog.log.store import EVENTS_PER_APPEND_MAX, EVENTS_PER_READ_MAX
from stenolog.reconciler.following import Follower
from stenolog.reconciler.turns import Turns
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.house.waiting import until
from tests.log_samples import new_id, several


class NothingOpen:
    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage:
        """As of the beginning, so that there is something to follow."""
        return OpenPage(ids=(), checkpoint=BEGINNING)


async def never_loaded(transcription_id: str) -> Transcription:
    raise AssertionError(transcription_id)


async def test_a_follower_that_waits_for_what_is_behind_beats_no_more(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        log = await SqliteLog.open(tmp_path / "log.db")
        stack.push_async_callback(log.close)
        for _ in range(1 + EVENTS_PER_READ_MAX // EVENTS_PER_APPEND_MAX):
            await log.append(f"upload-{new_id()}", several(EVENTS_PER_APPEND_MAX))
        caught_up, waits = asyncio.Event(), asyncio.Event()

        async def catch_up() -> None:
            waits.set()
            await caught_up.wait()

        follower = Follower(
            log,
            Turns(0, print, now_ms),
            never_loaded,
            lambda *_, in_ms=0: None,
            catch_up,
            {},
            now_ms,
            NothingOpen(),
        )
        running = asyncio.create_task(follower.subscription.run())
        await waits.wait()
        for _ in range(5):
            before_ms = follower.subscription.beat_age_ms
            await asyncio.sleep(0.02)
            await log.append(f"upload-{new_id()}", several(1))
            assert follower.subscription.beat_age_ms >= before_ms + 20
        caught_up.set()
        await until(lambda: follower.subscription.beat_age_ms < 20)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
