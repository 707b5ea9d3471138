"""A clock that was set ahead and back stops nothing."""

from __future__ import annotations

from pathlib import Path

from stenolog.clock import now_ms
from stenolog.errors import ProviderUnavailable
from stenolog.providers.port import AudioFile
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from tests.house.waiting import until
from tests.reconciler.house import Around, house

JUMP_MS = 864_000_000  # ten days
HOUR_MS = 3_600_000


async def test_a_lost_reply_is_settled_while_the_log_is_ahead_of_the_clock(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, clock=lambda: now_ms() - JUMP_MS) as home:
        identifier = await home.request(Behaviour(lost_reply=True, callbacks=day.MISSING))
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.jobs) == 1
        assert "submission.abandoned" not in await home.types(identifier)


async def test_a_refused_submission_is_tried_again_while_the_log_is_ahead_of_the_clock(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, clock=lambda: now_ms() - JUMP_MS) as home:
        identifier = await home.request(Behaviour(create_faults=(day.UNAVAILABLE,)))
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.jobs) == 1


class AwayForAnHour(Around):
    """A provider that asks to be left alone once, and would take the next request at once."""

    away = False

    async def submit(self, body: bytes, audio: AudioFile | None) -> str:
        if not self.away:
            self.away = True
            raise ProviderUnavailable("away", status=503, retry_in_ms=HOUR_MS)
        return await self.inner.submit(body, audio)


async def test_what_was_put_off_by_a_clock_that_is_set_back_is_tried_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    ahead_ms = JUMP_MS
    async with house(
        tmp_path, simulator, around=AwayForAnHour, clock=lambda: now_ms() + ahead_ms
    ) as home:
        # The provider is left alone for an hour, by the clock before it is set back.
        identifier = await home.request()
        await home.when(
            identifier, lambda state: state.last is not None and state.last.outcome == "refused"
        )
        ahead_ms = 2 * HOUR_MS  # of the log's hour nothing is left
        later = await home.request()
        assert (await home.ended(identifier)).status == "completed"
        assert (await home.ended(later)).status == "completed"
        await until(lambda: home.reconciler.open_count == 0)
