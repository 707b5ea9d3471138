"""Files of the engine's own folder: whole, bounded, and gone when nobody needs them."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stenolog.engine.host.disk_room import LOOK_BYTES
from stenolog.engine.host.scratch import UNUSED_MAX, Scratch, ScratchFull, is_full
from stenolog.errors import PayloadTooLarge


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def broken() -> AsyncIterator[bytes]:
    yield b"half"
    raise ConnectionError


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "scratch"


async def test_an_upload_is_whole_and_its_id_cannot_be_guessed(folder: Path) -> None:
    scratch = Scratch(folder)
    first = await scratch.upload(chunks(b"one ", b"two"), bytes_max=7)
    second = await scratch.upload(chunks(), bytes_max=7)
    assert first != second
    assert len(first) == 32
    assert scratch.hold(first)
    assert scratch.upload_path(first).read_bytes() == b"one two"
    assert mode(folder) == 0o700


async def test_nothing_is_left_of_what_is_too_large_or_breaks_off(folder: Path) -> None:
    scratch = Scratch(folder)
    with pytest.raises(PayloadTooLarge, match="limit of 3 bytes"):
        await scratch.upload(chunks(b"12", b"34"), bytes_max=3)
    with pytest.raises(ConnectionError):
        await scratch.download(broken(), bytes_max=100)
    assert names(folder) == []


async def test_an_upload_leaves_some_of_the_disk_and_one_that_does_not_leaves_nothing(
    folder: Path,
) -> None:
    free = Scratch(folder).free_bytes()
    part = bytes(LOOK_BYTES)
    for floor, parts in ((free + (1 << 30), [b"x"]), (free - (64 << 20), [part] * 100)):
        scratch = Scratch(folder, free_bytes_min=floor)
        with pytest.raises(ScratchFull):
            await scratch.upload(chunks(*parts), bytes_max=1 << 30)
        assert names(folder) == []


async def test_all_uploads_together_have_so_many_bytes_until_jobs_are_done(folder: Path) -> None:
    scratch = Scratch(folder, uploads_bytes_max=5)
    first = await scratch.upload(chunks(b"12", b"3"), bytes_max=9)
    for _ in range(3):  # what was refused, or broke off, counts no more
        with pytest.raises(ScratchFull, match="may have 5 bytes together"):
            await scratch.upload(chunks(b"12", b"3"), bytes_max=9)
        with pytest.raises(PayloadTooLarge):
            await scratch.upload(chunks(b"12"), bytes_max=1)
    assert names(folder) == [f"upload-{first}"], "its job may come yet"
    second = await scratch.upload(chunks(b"12"), bytes_max=9)
    assert scratch.hold(second)
    scratch.release(second)
    assert await scratch.upload(chunks(b"12"), bytes_max=9)


async def test_a_disk_or_a_quota_that_is_full_is_told_from_other_errors(folder: Path) -> None:
    async def failing(number: int) -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError(number, "a reason")

    scratch = Scratch(folder)
    for number in (errno.ENOSPC, errno.EDQUOT):
        with pytest.raises(ScratchFull):
            await scratch.upload(failing(number), bytes_max=9)
    with pytest.raises(OSError, match="a reason"):
        await scratch.upload(failing(errno.EMFILE), bytes_max=9)
    assert not is_full(OSError(errno.EMFILE, "a reason"))


async def test_the_last_to_release_an_upload_removes_it(folder: Path) -> None:
    scratch = Scratch(folder)
    upload = await scratch.upload(chunks(b"x"), bytes_max=1)
    assert scratch.hold(upload)
    assert scratch.hold(upload)
    scratch.release(upload)
    assert len(names(folder)) == 1
    scratch.release(upload)
    assert names(folder) == []
    assert not scratch.hold(upload)


async def test_the_oldest_unused_uploads_make_room(folder: Path) -> None:
    scratch = Scratch(folder)
    ids = [await scratch.upload(chunks(b"x"), bytes_max=1) for _ in range(UNUSED_MAX)]
    assert scratch.hold(ids[0])
    for _ in range(2):  # the first takes the place of the one that is held
        await scratch.upload(chunks(b"x"), bytes_max=1)
    assert scratch.hold(ids[0])
    assert not scratch.hold(ids[1])
    assert scratch.hold(ids[2])
    assert len(names(folder)) == UNUSED_MAX + 1


async def test_uploads_that_jobs_hold_take_no_room_from_one_that_waits_for_its_job(
    folder: Path,
) -> None:
    scratch = Scratch(folder)
    for _ in range(UNUSED_MAX):
        assert scratch.hold(await scratch.upload(chunks(b"x"), bytes_max=1))
    waits = await scratch.upload(chunks(b"x"), bytes_max=1)
    await scratch.upload(chunks(b"x"), bytes_max=1)
    assert scratch.hold(waits)


def test_what_an_earlier_process_left_is_gone(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "download-old").write_bytes(b"somebody's speech")
    scratch = Scratch(folder)
    assert names(folder) == []
    scratch.remove()
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "x"])
def test_an_id_that_is_none_leads_nowhere(folder: Path, name: str) -> None:
    assert not Scratch(folder).hold(name)
