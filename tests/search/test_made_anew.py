"""A file that cannot be used is made anew: the log has everything that was in it."""

from __future__ import annotations

import random
from pathlib import Path

import apsw
import pytest

from stenolog.errors import CannotStart, StoreUnavailable
from stenolog.log.format import LogIdentity
from stenolog.stores.search.store import SearchIndex
from tests.search.stored import found_in, put, store

pytestmark = pytest.mark.anyio

OURS = LogIdentity(log_id="11111111-1111-4111-8111-111111111111")


async def filled(path: Path) -> None:
    index = await SearchIndex.open(path, OURS)
    await store(index, *(put(n, f"refund number {n}") for n in range(1, 60)))
    await index.close()


async def position_of(path: Path, identity: LogIdentity = OURS) -> int:
    index = await SearchIndex.open(path, identity)
    try:
        return (await index.state()).checkpoint.position
    finally:
        await index.close()


async def test_the_same_file_goes_on(tmp_path: Path) -> None:
    await filled(tmp_path / "search.db")
    assert await position_of(tmp_path / "search.db") == 1


@pytest.mark.parametrize(
    "identity",
    [LogIdentity(log_id="other"), OURS.restored(2, "22222222-2222-4222-8222-222222222222")],
)
async def test_a_file_of_another_log_or_epoch_is_made_anew(
    tmp_path: Path, identity: LogIdentity
) -> None:
    await filled(tmp_path / "search.db")
    assert await position_of(tmp_path / "search.db", identity) == 0


@pytest.mark.parametrize(
    "change",
    [
        "PRAGMA user_version = 99",
        "UPDATE identity SET projection = 0",
        "UPDATE identity SET unicode = '1'",
    ],
)
async def test_a_file_of_another_version_is_made_anew(tmp_path: Path, change: str) -> None:
    await filled(tmp_path / "search.db")
    connection = apsw.Connection(str(tmp_path / "search.db"))
    connection.execute(change)
    connection.close()
    assert await position_of(tmp_path / "search.db") == 0


async def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "search.db"))
    connection.execute("CREATE TABLE theirs (a); PRAGMA application_id = 7")
    connection.close()
    with pytest.raises(CannotStart, match="another kind"):
        await SearchIndex.open(tmp_path / "search.db", OURS)
    assert (
        apsw.Connection(str(tmp_path / "search.db")).execute("SELECT * FROM theirs").fetchall()
        == []
    )


@pytest.mark.parametrize(
    "content", [b"", b"not a database" * 900, b"SQLite format 3\0" + b"\xff" * 9_000]
)
async def test_whatever_else_is_there_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "search.db").write_bytes(content)
    assert await position_of(tmp_path / "search.db") == 0


@pytest.mark.parametrize("seed", range(4))
async def test_damage_is_met_and_mended_while_it_runs(tmp_path: Path, seed: int) -> None:
    """Each page but the first may be overwritten: it answers, or is made anew, and goes on."""
    path = tmp_path / "search.db"
    await filled(path)
    whole = path.read_bytes()
    page = 4_096 * random.Random(seed).randrange(1, len(whole) // 4_096)
    path.write_bytes(whole[:page] + b"\xa5" * 4_096 + whole[page + 4_096 :])
    index = await SearchIndex.open(path, OURS)
    try:
        for number in range(1, 60):
            try:
                await found_in(index, f"refund {number}")
                await index.erase(f"id-{number:04d}")
            except StoreUnavailable:
                state = await index.state()
                assert state.checkpoint.position in (0, 1)
                if state.filled_until is None:
                    break
        await store(index, put(70, "a refund again"), position=70)
        assert "id-0070" in await found_in(index, "again")
    finally:
        await index.close()
