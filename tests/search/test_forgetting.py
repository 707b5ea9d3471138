"""What is erased is in no page of any file, whatever lies beside it and however it came there."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from stenolog.errors import StoreUnavailable
from stenolog.projections.search.entry import Drop, Finding, Put
from stenolog.stores.search.connection import open_reader
from stenolog.stores.search.scrubbing import PAGE_BYTES, scrubbed
from stenolog.stores.search.store import SearchIndex
from tests.search.stored import found_in, put, store, words_left

pytestmark = pytest.mark.anyio

COMMON = ["the", "order", "refund", "and", "of", "東京都", "café"]


def own(number: int) -> str:
    """A word of this transcription alone, in the middle of longer ones too."""
    return f"own{number:05d}x"


def random_put(dice: random.Random, number: int) -> Put:
    def word() -> str:
        if dice.random() < 0.4:
            return dice.choice(COMMON)
        head = dice.choice("abcdefgh") + str(dice.randrange(99)) if dice.random() < 0.5 else ""
        return f"{head}{own(number)}{dice.randrange(9_999)}"

    texts = [
        " ".join(word() for _ in range(dice.randint(2, 40))) for _ in range(dice.randint(1, 12))
    ]
    findings = tuple(
        Finding(kind="entity", label="person_name", text=f"{n} {own(number)}", speaker="A")
        for n in range(dice.randint(0, 5))
    )
    return put(number, *texts, subject=dice.choice([None, own(number)]), findings=findings)


@pytest.mark.parametrize("seed", range(2))
async def test_no_page_has_a_word_of_what_was_erased(
    index: SearchIndex, tmp_path: Path, seed: int
) -> None:
    """Among others that come and go, so that rows and words move from page to page."""
    dice = random.Random(seed)
    here, gone = list(range(1, 31)), list[int]()
    for number in here:
        await store(index, random_put(dice, number), position=number)
    for number in range(31, 51):
        erased = here.pop(dice.randrange(len(here)))
        await index.erase(f"id-{erased:04d}")
        gone.append(erased)
        assert words_left(tmp_path, [own(one) for one in gone]) == [], erased
        if dice.random() < 0.5:
            await store(index, random_put(dice, number), position=number)
            here.append(number)
    assert words_left(tmp_path, [own(one) for one in here]) == [own(one) for one in here]
    held = (tmp_path / "search.db").read_bytes()
    pages = [held[at : at + PAGE_BYTES] for at in range(0, len(held), PAGE_BYTES)]
    assert [at for at, page in enumerate(pages) if scrubbed(page, first=at == 0) != page] == []
    await assert_sound(tmp_path, here)


async def assert_sound(directory: Path, here: Sequence[int]) -> None:
    """SQLite and FTS5 find no fault, and everything that is left is found by each of its words."""
    connection = apsw.Connection(str(directory / "search.db"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    connection.close()
    reader = await SearchIndex.open(directory / "search.db")
    try:
        for number in here:
            assert await found_in(reader, f"{own(number)}*") in ([], [f"id-{number:04d}"])
    finally:
        await reader.close()


async def test_an_erasure_that_the_log_alone_tells_leaves_nothing(
    index: SearchIndex, tmp_path: Path
) -> None:
    await store(index, put(1, "one secretword"), put(2, "another"))
    assert words_left(tmp_path, ["secretword"]) == ["secretword"]
    await store(index, Drop(transcription="id-0001"), position=2)
    assert words_left(tmp_path, ["secretword"]) == []


async def test_an_erasure_waits_for_a_reader_and_fails_when_that_stays(
    index: SearchIndex, tmp_path: Path
) -> None:
    await store(index, put(1, "one secretword"))
    reader = open_reader(tmp_path / "search.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM passages").fetchall()
    erasing = asyncio.create_task(index.erase("id-0001"))
    await asyncio.sleep(0.05)
    assert not erasing.done()
    reader.execute("COMMIT")
    await erasing
    reader.close()
    assert words_left(tmp_path, ["secretword"]) == []


async def test_what_was_deleted_before_a_crash_is_gone_after_the_next_start(tmp_path: Path) -> None:
    """The process ends between the commit and the emptying of the WAL."""
    path = tmp_path / "search.db"
    index = await SearchIndex.open(path)
    await store(index, put(1, "one secretword"), put(2, "another one"))
    held = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    await index.close()
    for name, content in held.items():  # as a crash leaves it: the words are in the WAL
        (tmp_path / name).write_bytes(content)
    assert words_left(tmp_path, ["secretword"]) == ["secretword"]
    again = await SearchIndex.open(path)
    await again.erase("id-0001")
    assert words_left(tmp_path, ["secretword"]) == []
    assert await found_in(again, "another") == ["id-0002"]
    await again.close()


async def test_an_erasure_is_told_to_have_failed_while_a_reader_stays(
    index: SearchIndex, tmp_path: Path
) -> None:
    await store(index, put(1, "one secretword"))
    reader = open_reader(tmp_path / "search.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM passages").fetchall()
    index._writer.set_busy_timeout(10)
    with pytest.raises(StoreUnavailable):
        await index.erase("id-0001")
    reader.close(True)
    await index.erase("id-0001")
    assert words_left(tmp_path, ["secretword"]) == []
