"""A transcription whose key is lost waits for it: it neither fails nor holds up others."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from structlog.testing import capture_logs

from stenolog.commands.transcription.state import stream_of
from stenolog.log.events.uploads import UPLOAD
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from tests.house.waiting import until
from tests.reconciler.house import House, house, resting

Back = Callable[[], None]


@contextlib.asynccontextmanager
async def without_key(
    directory: Path, simulator: Simulator, stream: str
) -> AsyncIterator[tuple[House, Back]]:
    """A house that was opened without a stream's key, once it waits; and what puts the key back."""
    with contextlib.closing(sqlite3.connect(directory / "keys.db")) as file:
        row = file.execute("SELECT * FROM data_keys WHERE stream = ?", (stream,)).fetchone()
        file.execute("DELETE FROM data_keys WHERE stream = ?", (stream,))
        file.commit()

        def back() -> None:
            file.execute("INSERT INTO data_keys VALUES (?, ?, ?)", row)
            file.commit()

        with capture_logs() as lines:
            async with house(directory, simulator, tenant_concurrency=1) as home:
                await until(lambda: any(line["event"] == "reconciler.put_off" for line in lines))
                yield home, back


async def test_a_request_whose_key_is_lost_waits_and_others_have_its_turn(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with resting(tmp_path, simulator) as home:
        lost = await home.request()
    async with without_key(tmp_path, simulator, stream_of(lost)) as (home, back):
        assert await home.keys.lost_count() == 1
        await home.ended(await home.request())
        assert await home.types(lost) == ["transcription.requested"]
        back()
        assert (await home.ended(lost)).status == "completed"


async def test_a_result_that_cannot_be_sealed_waits_and_is_fetched_later(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.behave = lambda body: Behaviour(run_ms=500)
    async with house(tmp_path, simulator) as home:
        lost = await home.request()
        await home.when(lost, lambda state: state.running)
    simulator.behave = lambda body: Behaviour()
    async with without_key(tmp_path, simulator, stream_of(lost)) as (home, back):
        await home.ended(await home.request())
        assert not (await home.handler.load(lost)).terminal
        back()
        assert (await home.ended(lost)).status == "completed"
        assert len(home.jobs_of(lost)) == 1


async def test_an_upload_whose_key_is_lost_waits(tmp_path: Path, simulator: Simulator) -> None:
    upload = "00000000-0000-4000-8000-0000000000cc"

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 1_000

    async with resting(tmp_path, simulator) as home:
        await home.uploads.store(upload, pieces(), bytes_max=1_000)
        lost = await home.request(upload=upload)
    async with without_key(tmp_path, simulator, UPLOAD + upload) as (home, back):
        assert await home.types(lost) == ["transcription.requested"]
        back()
        assert (await home.ended(lost)).status == "completed"
