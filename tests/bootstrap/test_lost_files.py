"""A data directory that lost a file, or the end of its log, does not start silently."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from stenolog.bootstrap.gateway import Gateway, open_gateway
from stenolog.bootstrap.offline import open_keys, open_projections
from stenolog.bootstrap.stores import Wrapping
from stenolog.clock import Clocks, now_us
from stenolog.commands.api_keys import prefix_of
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.errors import CannotStart
from stenolog.log.actors import OPERATOR
from stenolog.log.checkpoint import Checkpoint
from stenolog.log.event_clock import UNUSED_US_MAX
from stenolog.log.format import LogIdentity
from stenolog.stores.files.directory import API_KEY, make_directory
from stenolog.stores.files.swap import STAGING
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.bootstrap.test_directory import ADDRESS, settings_in
from tests.log_samples import BEGUN, new_event

EVENTS = 3
KNOWN = BEGUN + 1 + EVENTS + 2  # the first API key has an event too, and each stop seals


@contextlib.asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[Gateway]:
    async with open_gateway(settings_in(directory), ADDRESS) as gateway:
        yield gateway


async def open_once(directory: Path) -> None:
    async with opened(directory):
        pass


async def append(directory: Path, events: int) -> None:
    log = await SqliteLog.open(directory / "log.db")
    try:
        for number in range(events):
            await log.append(f"thing-{number}", [new_event("api_key.revoked")])  # it needs no key
    finally:
        await log.close()


@pytest.fixture
async def used(tmp_path: Path) -> Path:
    """A directory of a gateway that was stopped with events in its log, and with tree heads."""
    make_directory(tmp_path)
    await open_once(tmp_path)
    await append(tmp_path, EVENTS)
    await open_once(tmp_path)
    return tmp_path


def remove(directory: Path, name: str) -> None:
    for path in directory.glob(f"{name}*"):
        path.unlink()


async def test_a_whole_directory_starts_without_a_word(used: Path) -> None:
    with capture_logs() as lines:
        await open_once(used)
    assert {line["log_level"] for line in lines} <= {"info", "debug"}


@pytest.mark.parametrize("regrown", [False, True])
async def test_older_files_in_the_place_of_all_that_agree_with_each_other_are_refused(
    used: Path, tmp_path_factory: pytest.TempPathFactory, regrown: bool
) -> None:
    """As by `cp` of a whole backup over a directory that was closed."""
    older = tmp_path_factory.mktemp("older")
    for name in ("log.db", "keys.db", "tree-heads.log"):
        shutil.copy(used / name, older / name)
    await append(used, 9)
    log = await SqliteLog.open(used / "log.db")
    work = await SqliteWork.open(used / "work.db", log.identity)
    last = (await log.read(after=await log.head() - 1))[-1]
    await work.begin(Checkpoint(position=last.position, event_id=last.id))
    await work.close()
    await log.close()
    for name in ("log.db", "keys.db", "tree-heads.log"):
        shutil.copy(older / name, used / name)
    if regrown:
        await append(used, 12)  # so many that the count does not tell
    kept = ("log.db", TREE_HEADS)  # a head over the older log would vouch for it
    before = [(used / name).read_bytes() for name in kept]
    said = "another event" if regrown else r"has read \d+: its end is lost"
    for start in STARTS * 2:
        with pytest.raises(CannotStart, match=said):
            await start(used)
    assert [(used / name).read_bytes() for name in kept] == before
    for name in ("views.db", "work.db"):
        (used / name).unlink()
    for start in STARTS:
        await start(used)


async def open_keys_offline(directory: Path) -> None:
    """As `stenolog keys` does."""
    async with open_keys(settings_in(directory)):
        pass


async def open_projector_offline(directory: Path) -> None:
    """As `stenolog projections` does."""
    async with open_projections(settings_in(directory)):
        pass


STARTS = (open_keys_offline, open_projector_offline, open_once)


async def test_a_start_that_is_refused_does_not_accept_the_clock(used: Path) -> None:
    work = await SqliteWork.open(used / "work.db", await identity_of(used))
    await work.begin(Checkpoint(position=KNOWN, event_id="another"))
    await work.close()
    accepting = Wrapping(accept_clock=True, log_type=MuchLater)
    before = (used / "log.db").read_bytes()
    with pytest.raises(CannotStart, match="another event"):
        async with open_gateway(settings_in(used), ADDRESS, accepting):
            pass
    assert (used / "log.db").read_bytes() == before
    (used / "work.db").unlink()
    async with open_gateway(settings_in(used), ADDRESS, accepting):
        pass
    log = await SqliteLog.open(used / "log.db")
    assert [event.type for event in await log.read(after=KNOWN)] == [
        "clock.jumped",
        "log.sealed",
    ]
    await log.close()


class MuchLater(SqliteLog):
    """The log on a machine whose clock is years ahead of it."""

    @classmethod
    async def open(cls, path: Path, **given: Any) -> SqliteLog:
        clocks = Clocks(wall=lambda: now_us() + 2 * UNUSED_US_MAX)
        return await SqliteLog.open(path, clocks=clocks, **given)


async def identity_of(directory: Path) -> LogIdentity:
    log = await SqliteLog.open(directory / "log.db", accept_clock=True)
    await log.close()
    return log.identity


async def test_a_directory_that_is_half_restored_is_refused_until_it_is_restored(
    used: Path,
) -> None:
    (used / STAGING).mkdir()
    for _ in range(2):
        with pytest.raises(CannotStart, match="interrupted: run the same `stenolog restore` again"):
            await open_once(used)
    with pytest.raises(CannotStart, match="interrupted"):
        async with open_keys(settings_in(used)):
            pass


@pytest.mark.parametrize("empty", [False, True])
async def test_lost_keys_are_refused_each_time(used: Path, empty: bool) -> None:
    remove(used, "keys.db")
    if empty:
        (used / "keys.db").touch()
    for start in STARTS * 2:
        with pytest.raises(CannotStart, match=rf"{KNOWN} events.*`stenolog restore BACKUP"):
            await start(used)


async def test_api_keys_may_be_made_before_the_first_start(tmp_path: Path) -> None:
    make_directory(tmp_path)
    for _ in range(2):
        async with open_keys(settings_in(tmp_path)) as (_, ring):
            await ring.create(actor=OPERATOR, tenant="acme", name="x", scopes=("all",))
    await open_once(tmp_path)


@pytest.mark.parametrize("empty", [False, True])
async def test_a_lost_log_is_refused_each_time_while_its_keys_are_there(
    used: Path, empty: bool
) -> None:
    remove(used, "log.db")
    if empty:
        (used / "log.db").touch()
    for _ in range(2):
        with pytest.raises(CannotStart, match=r"^log\.db is missing.*`stenolog restore BACKUP"):
            await open_once(used)


async def test_a_lost_log_is_refused_where_tree_heads_know_of_it(used: Path) -> None:
    for name in ("log.db", "keys.db", "master-key"):
        remove(used, name)
    for _ in range(2):
        with pytest.raises(CannotStart, match=rf"^log\.db is missing.*{KNOWN} events"):
            await open_once(used)
    assert names(used) & {"log.db", "keys.db"} == set(), "nothing was made in their place"
    (used / TREE_HEADS).rename(used / "elsewhere")
    await open_once(used)


async def test_a_first_start_that_broke_off_is_no_loss(tmp_path: Path) -> None:
    make_directory(tmp_path)
    (tmp_path / "keys.db").touch()
    (tmp_path / "log.db").touch()
    await open_once(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"sk_cut", b"\xff\xfe" * 40])
async def test_an_api_key_file_without_a_key_gets_a_new_one(tmp_path: Path, content: bytes) -> None:
    make_directory(tmp_path)
    (tmp_path / API_KEY).write_bytes(content)
    async with opened(tmp_path) as gateway:
        assert gateway.new_api_key
    assert prefix_of((tmp_path / API_KEY).read_text().strip()) is not None
    async with opened(tmp_path) as gateway:
        assert not gateway.new_api_key


async def test_a_clean_stop_leaves_no_wal(used: Path) -> None:
    assert names(used) >= {"log.db", "keys.db", "views.db", "work.db"}
    assert [name for name in names(used) if name.endswith(("-wal", "-shm"))] == []


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}
