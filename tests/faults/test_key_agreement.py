"""Keys that are older than their log are brought to where it is, step by step, and only so far."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stenolog.commands.handler import CommandHandler
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.key_agreement import POSITIONS_PER_STEP, KeyAgreement
from stenolog.compliance.vault import Vault
from stenolog.log.recorder import FactRecorder
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.data_files import log_and_keys
from tests.dedupe_keys import keyed
from tests.log_samples import PUBLIC, new_event

MASTER = MasterKey(bytes(range(32)))
UPLOAD = "upload-22222222-2222-4222-8222-222222222222"
STREAM = "transcription-11111111-1111-4111-8111-111111111111"


class Files:
    """An open log with its keys, and what compares them."""

    def __init__(self, log: SqliteLog, keys: SqliteKeys) -> None:
        self.log, self.keys = log, keys
        self.vault = Vault(MASTER, keys, log.sealings)

    async def append(self, event_type: str, stream: str = STREAM) -> int:
        return (await self.log.append(stream, [keyed(stream, new_event(event_type))])).positions[0]

    async def sealed(self, stream: str = STREAM) -> None:
        event = new_event(PUBLIC)
        payload = await self.vault.seal(stream, event.id, b"what was said")
        await self.log.append(stream, [replace(event, payload=payload)])

    async def reach(self) -> tuple[int, list[str]]:
        """How many keys are lost, and what was logged."""
        handler = CommandHandler(self.log, self.vault, FactRecorder(self.log, self.vault))
        agreement = KeyAgreement(self.log, self.log.sealings, self.keys, self.vault, handler.load)
        with capture_logs() as lines:
            lost = await agreement.reach()
        assert await self.keys.high_water() == await self.log.head()
        return lost, [line["event"] for line in lines]

    async def has_key(self, stream: str = STREAM) -> bool:
        return await self.keys.data_key_of(stream) is not None


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    async with log_and_keys(tmp_path) as (log, keys):
        yield Files(log, keys)


async def test_where_log_and_keys_agree_nothing_is_said(files: Files) -> None:
    await files.sealed()
    assert await files.reach() == (0, [])
    assert await files.has_key()


async def test_an_erasure_that_the_keys_do_not_know_of_is_carried_out_once(files: Files) -> None:
    await files.sealed()
    await files.append("erasure.requested")
    assert await files.reach() == (0, ["keys.destroyed_again"])
    assert not await files.has_key()
    assert await files.reach() == (0, [])


async def test_a_key_that_names_a_job_stays_until_the_job_is_gone(files: Files) -> None:
    await files.sealed()
    await files.append("submission.claimed")
    event = new_event("submission.accepted")
    payload = await files.vault.seal(STREAM, event.id, b'{"provider_job": "a job"}')
    data = {**event.data, "provider_job": None}
    await files.log.append(STREAM, [replace(event, data=data, payload=payload)])
    await files.append("erasure.requested")
    assert await files.reach() == (0, [])
    assert await files.has_key()
    await files.append("erasure.completed")
    assert await files.reach() == (0, ["keys.destroyed_again"])
    assert not await files.has_key()


async def test_the_key_of_an_upload_that_was_released_is_destroyed(files: Files) -> None:
    await files.vault.keep(files.vault.new_key(UPLOAD))
    await files.append("upload.stored", UPLOAD)
    assert await files.reach() == (0, [])
    await files.append("upload.released", UPLOAD)
    assert await files.reach() == (0, ["keys.destroyed_again"])
    assert not await files.has_key(UPLOAD)


def damage(directory: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(directory / "log.db")) as file:
        for statement in statements:
            assert file.execute(statement).rowcount == 1
        file.commit()


UNREADABLE = "UPDATE events SET bytes = 'x' WHERE position = {}"
GONE = "DELETE FROM events WHERE position = {}"


@pytest.mark.parametrize("how", [UNREADABLE, GONE])
@pytest.mark.parametrize("hurt", [0, 1, 2])
@pytest.mark.parametrize(
    ("stream", "types"),
    [
        (STREAM, ("submission.superseded", "erasure.requested")),
        (UPLOAD, ("upload.used", "upload.released")),
    ],
)
async def test_a_damaged_stream_that_was_erased_loses_the_key_that_came_back(
    files: Files, tmp_path: Path, stream: str, types: tuple[str, ...], hurt: int, how: str
) -> None:
    await files.sealed(stream)
    places = [await files.log.head()]
    places += [await files.append(event_type, stream) for event_type in types]
    damage(tmp_path, how.format(places[hurt]))
    assert await files.reach() == (0, ["keys.destroyed_again"])
    assert not await files.has_key(stream)
    assert await files.reach() == (0, [])


async def test_no_key_is_destroyed_where_nothing_says_that_it_is_erased(
    files: Files, tmp_path: Path
) -> None:
    await files.sealed()
    await files.append("erasure.requested")
    damage(
        tmp_path,
        "UPDATE events SET bytes = 'x' WHERE type = 'erasure.requested'",
        "DELETE FROM dedupe WHERE key LIKE '%:erasure'",
    )
    assert await files.reach() == (0, ["keys.not_compared"])
    assert await files.has_key()


async def test_keys_that_are_missing_are_counted_at_each_start_until_they_are_erased(
    files: Files, tmp_path: Path
) -> None:
    streams = [f"{STREAM[:-1]}{number}" for number in range(2)]
    for stream in streams:
        await files.sealed(stream)
    await files.vault.keep(files.vault.new_key(UPLOAD))
    await files.append("upload.stored", UPLOAD)
    with contextlib.closing(sqlite3.connect(tmp_path / "keys.db")) as file:
        file.execute("DELETE FROM data_keys WHERE stream != ?", (streams[0],))
        file.execute("UPDATE high_water SET position = 0")
        file.commit()
    for _ in range(2):
        assert await files.reach() == (2, ["keys.lost"])
    await files.vault.destroy(UPLOAD)
    assert await files.reach() == (1, ["keys.lost"])


async def test_a_long_log_is_compared_in_steps(files: Files) -> None:
    await files.sealed()
    await files.append("erasure.requested")
    while await files.log.head() < 2 * POSITIONS_PER_STEP + 10:
        await files.log.append(STREAM, [new_event("callback.received") for _ in range(60)])
    await files.sealed("transcription-2")
    await files.keys.carried_out(0)
    assert await files.reach() == (0, ["keys.destroyed_again"])
    assert not await files.has_key()
    assert await files.has_key("transcription-2")


async def test_keys_that_are_newer_than_the_log_are_told_and_compared_with_all_of_it(
    files: Files, tmp_path: Path
) -> None:
    erased, lost = f"{STREAM[:-1]}2", f"{STREAM[:-1]}3"
    for stream in (STREAM, erased, lost):
        await files.sealed(stream)
    await files.append("erasure.requested", erased)
    await files.keys.carried_out(1_000)
    with contextlib.closing(sqlite3.connect(tmp_path / "keys.db")) as file:
        file.execute("DELETE FROM data_keys WHERE stream = ?", (lost,))
        file.commit()
    told = ["keys.newer_than_log", "keys.destroyed_again", "keys.lost"]
    assert await files.reach() == (1, told)
    assert await files.has_key()
    assert not await files.has_key(erased)
    assert await files.reach() == (1, ["keys.lost"])
