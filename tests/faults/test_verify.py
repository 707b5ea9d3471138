"""Every damage to the log is found, and named by the first position that is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.records import ROWS_PER_READ
from stenolog.compliance.tree_heads import read_heads
from stenolog.compliance.verdict import StructureDamaged
from stenolog.compliance.verify import verify
from stenolog.errors import CannotStart, EvidenceError, StoreError, StoreUnavailable
from stenolog.log.canonical import canonical_bytes, leaf_hash
from stenolog.log.event import event_from_bytes
from stenolog.log.merkle import Frontier
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.records import SqliteRecords
from tests.faults.small_log import (
    COUNT,
    HEADS_AT,
    MASTER,
    TYPES,
    SmallLog,
    flips,
    open_recomputed,
    rewritten,
    tree_recomputed,
)
from tests.log_samples import BEGUN, several
from tests.tree_heads import note_head

FLIPPED_IN_PARTS = 16  # each takes about two minutes
DEADLINE_S = 30
OFFSETS = (0, 1, 7, 100, 200, 300, 401, -1, -2, -40)
SHARES = 4  # of the cells: each in its own test, which takes some seconds
BITS = (1 << 12, 1 << 20, 1 << 40)  # each leads beyond the log


def found_at(small: SmallLog, *, heads: bool = True, master: MasterKey | None = MASTER) -> int:
    with pytest.raises(EvidenceError) as raised:
        small.verify(master, heads=heads)
    return raised.value.position


# What holds


def test_a_sound_log_passes_and_says_what_was_checked(small: SmallLog) -> None:
    verdict = small.verify()
    sealed = [e for e in map(event_from_bytes, small.stored()) if e.commitment]
    assert verdict.count == COUNT
    assert verdict.payloads == len(sealed) > 0
    assert verdict.heads == len(HEADS_AT)
    assert verdict.root == read_heads(small.heads)[0][-1].root
    assert verdict.unchecked == ()


def test_without_the_master_key_it_says_that_payloads_were_not_opened(small: SmallLog) -> None:
    verdict = small.verify(None)
    assert verdict.payloads == 0
    assert any("payloads were not opened" in sentence for sentence in verdict.unchecked)
    with small.altered() as run:
        run.execute("UPDATE events SET type = 'x' WHERE position = 5")
    assert found_at(small, master=None) == 5


def test_without_tree_heads_it_says_that_truncation_cannot_be_seen(small: SmallLog) -> None:
    small.heads.unlink()
    verdict = small.verify()
    assert not verdict.complete
    assert any("truncation" in sentence for sentence in verdict.unchecked)


def test_a_log_longer_than_one_read_passes_and_its_holes_are_named(tmp_path: Path) -> None:
    small = SmallLog(directory=tmp_path)

    async def fill() -> None:
        log = await SqliteLog.open(small.log)
        await asyncio.gather(*(log.append(f"upload-{n % 7}", several(60)) for n in range(20)))
        await log.close()

    asyncio.run(fill())
    asyncio.run(small.make_keys())
    assert small.verify(None).count == BEGUN + 1_200 > 2 * ROWS_PER_READ
    for hole in (BEGUN + 1_200, ROWS_PER_READ + 1, ROWS_PER_READ, 1):
        with small.altered() as run:
            run.execute("DELETE FROM events WHERE position = ?", (hole,))
        assert found_at(small, master=None) == hole


# Columns


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of one row, and the position that its damage must be reported at."""

    table: str
    column: str
    row: int
    value: int | str | bytes
    position: int


def cells_of(run: sqlite3.Connection) -> Iterator[Cell]:
    users = dict(
        run.execute("SELECT key_id, min(position) FROM payloads GROUP BY key_id").fetchall()
    )
    columns = "position, id, stream, version, tenant, sequence, type, bytes, leaf"
    for table, names in (("events", columns), ("payloads", "position, key_id, box")):
        for row in run.execute(f"SELECT {names} FROM {table}"):
            for name, value in zip(names.split(", "), row, strict=True):
                yield Cell(table, name, row[0], value, row[0])
    names = "key_id, stream, box"
    for number, row in enumerate(run.execute(f"SELECT {names} FROM vault.data_keys"), start=1):
        for name, value in zip(names.split(", "), row, strict=True):
            yield Cell("vault.data_keys", name, number, value, users[row[0]])
    frontier = run.execute("SELECT frontier FROM tree").fetchone()[0]
    yield Cell("tree", "frontier", 1, frontier, COUNT)


def damages(cell: Cell, offsets: Sequence[int]) -> Iterator[object]:
    match cell.value:
        case int(number):
            yield from (number ^ bit for bit in BITS)
        case str(text):
            yield from flips(text.encode(), offsets)
            yield from flips(text.encode(), offsets[:1], bit=0x80)
        case bytes(raw):
            yield from flips(raw, offsets)
            yield raw[:-1]
            yield raw + b"\x00"
            yield b""


def key_column(cell: Cell) -> str:
    return {"vault.data_keys": "key_id", "tree": "one"}.get(cell.table, "position")


def check_every_cell(small: SmallLog, offsets: Sequence[int], *, share: int, of: int) -> int:
    """Damage each cell at these offsets, one at a time; how many damages there were.

    The cells are dealt out to `of` shares, of which this is one, counted from 0.
    """
    done = 0
    records = SqliteRecords(small.log, small.keys)
    heads, _ = read_heads(small.heads)
    with contextlib.closing(records), small.altered() as run:
        run.execute("PRAGMA foreign_keys = OFF")
        key_ids = [row[0] for row in run.execute("SELECT key_id FROM vault.data_keys")]
        for cell in list(cells_of(run))[share::of]:
            own_key = key_ids[cell.row - 1] if cell.table == "vault.data_keys" else cell.row
            where = f"UPDATE {cell.table} SET {cell.column} = ? WHERE {key_column(cell)} = ?"
            cast = where.replace("= ?", "= CAST(? AS TEXT)", 1)
            for damaged in damages(cell, offsets):
                statement = cast if isinstance(cell.value, str) else where
                moved = damaged if cell.column == key_column(cell) else own_key
                assert run.execute(statement, (damaged, own_key)).rowcount == 1
                with pytest.raises(EvidenceError) as raised:
                    verify(records, MASTER, heads)
                assert raised.value.position == cell.position, (cell, damaged, raised.value)
                back = cast.rsplit("?", 1)[0] + "CAST(? AS TEXT)"
                restore = back if isinstance(moved, bytes) else where
                assert run.execute(restore, (cell.value, moved)).rowcount == 1
                done += 1
        verify(records, MASTER, heads)
    return done


@pytest.mark.parametrize("share", range(SHARES))
def test_a_flip_in_any_column_is_found_at_its_position(small: SmallLog, share: int) -> None:
    assert check_every_cell(small, OFFSETS, share=share, of=SHARES) > 1_000 // SHARES


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_flip_of_any_byte_of_any_column_is_found_at_its_position(small: SmallLog) -> None:
    check_every_cell(small, range(1_000), share=0, of=1)


@pytest.mark.parametrize(
    ("count", "position"),
    [
        (COUNT + 1, COUNT + 1),
        (COUNT ^ 4_096, COUNT + 1),
        (2**62, COUNT + 1),
        (COUNT - 1, COUNT),
        (3, 4),
        (0, 1),
        (-1, 1),
        (None, 1),
        ("many", 1),
        (1.5, 1),
        (b"\x00", 1),
    ],
)
def test_a_damaged_count_of_the_tree_is_found(
    small: SmallLog, count: object, position: int
) -> None:
    with small.altered() as run:
        run.execute("DROP TABLE tree")
        run.execute("CREATE TABLE tree (one, count, frontier, last_us)")
        frontier = Frontier().to_bytes()
        run.execute("INSERT INTO tree VALUES (1, ?, ?, 0)", (count, frontier))
        if isinstance(count, int) and 0 < count < COUNT:
            rows = run.execute("SELECT bytes FROM events ORDER BY position").fetchall()
            del rows[count:]
    assert found_at(small) == position


@pytest.mark.parametrize("statement", ["DELETE FROM tree", "DROP TABLE tree"])
def test_a_missing_tree_is_found(small: SmallLog, statement: str) -> None:
    with small.altered() as run:
        run.execute(statement)
    assert found_at(small) == 1


def test_a_table_whose_positions_are_no_numbers_is_found(small: SmallLog) -> None:
    with small.altered() as run:
        run.execute("DROP TABLE payloads")
        run.execute("CREATE TABLE payloads (position, key_id, box)")
        run.execute("INSERT INTO payloads VALUES ('one', 'key', x'00')")
    assert found_at(small) == 1


def test_a_missing_tree_is_found_in_a_new_log(tmp_path: Path) -> None:
    small = SmallLog(directory=tmp_path)

    async def make() -> None:
        await (await SqliteLog.open(small.log)).close()

    asyncio.run(make())
    asyncio.run(small.make_keys())
    assert small.verify(None).count == BEGUN
    with small.altered() as run:
        run.execute("DELETE FROM tree")
    assert found_at(small, master=None) == 1


# Rows


@pytest.mark.parametrize("position", [1, 2, 11, COUNT - 1, COUNT])
def test_a_deleted_record_is_found(small: SmallLog, position: int) -> None:
    with small.altered() as run:
        run.execute("DELETE FROM events WHERE position = ?", (position,))
    assert found_at(small) == position


def with_payloads(run: sqlite3.Connection) -> list[tuple[int, str]]:
    return run.execute(
        "SELECT position, stream FROM payloads JOIN events USING (position) ORDER BY position"
    ).fetchall()


def test_a_deleted_payload_is_found(small: SmallLog) -> None:
    with small.altered() as run:
        position, _ = with_payloads(run)[3]
        run.execute("DELETE FROM payloads WHERE position = ?", (position,))
    assert found_at(small) == position
    assert found_at(small, master=None) == position


def test_a_payload_that_is_left_out_of_its_event_is_found(small: SmallLog) -> None:
    """Whoever wrote it has written tree and heads as well: the type alone says that one is due."""
    with small.altered() as run:
        (position,) = run.execute(
            "SELECT min(position) FROM events WHERE type = 'transcription.completed'"
        ).fetchone()
        rewritten(run, position, commitment=None)
        run.execute("DELETE FROM payloads WHERE position = ?", (position,))
    assert found_at(small, heads=False) == position
    assert found_at(small, heads=False, master=None) == position


def test_a_payload_that_no_event_knows_is_found(small: SmallLog) -> None:
    with small.altered() as run:
        have = {position for position, _ in with_payloads(run)}
        without = next(n for n in range(1, COUNT + 1) if n not in have)
        run.execute("INSERT INTO payloads VALUES (?, 'key', x'00')", (without,))
    assert found_at(small) == without


@pytest.mark.parametrize(
    "columns", ["bytes", "bytes, leaf", "id, stream, version, tenant, sequence, type, bytes, leaf"]
)
def test_two_swapped_records_are_found(small: SmallLog, columns: str) -> None:
    with small.altered() as run:
        rows = [
            run.execute(f"SELECT {columns} FROM events WHERE position = ?", (position,)).fetchone()
            for position in (4, 9)
        ]
        names = columns.split(", ")
        for position, row in (
            (4, [f"{value}-" if isinstance(value, str) else value for value in rows[0]]),
            (9, rows[0]),
            (4, rows[1]),
        ):
            marks = ", ".join(f"{name} = ?" for name in names)
            unique = [-value if isinstance(value, int) else value for value in row]
            values = unique if row is not rows[0] and row is not rows[1] else row
            run.execute(f"UPDATE events SET {marks} WHERE position = ?", (*values, position))
    assert found_at(small) == 4


def test_two_swapped_payloads_of_one_stream_are_found(small: SmallLog) -> None:
    with small.altered() as run:
        rows = with_payloads(run)
        stream = rows[0][1]
        first, second = [position for position, of in rows if of == stream][:2]
        boxes = dict(run.execute("SELECT position, box FROM payloads").fetchall())
        for position, other in ((first, second), (second, first)):
            run.execute("UPDATE payloads SET box = ? WHERE position = ?", (boxes[other], position))
    assert found_at(small) == first


def test_a_record_outside_of_the_tree_is_found(small: SmallLog) -> None:
    for position, named in ((COUNT + 1, COUNT + 1), (COUNT + 9, COUNT + 1), (0, 1), (-4, 1)):
        for table, values in (
            ("events", "'i', 's', 1, 't', 0, 'x', x'00', x'00'"),
            ("payloads", "'', ''"),
        ):
            with small.altered() as run:
                run.execute(f"INSERT INTO {table} VALUES ({position}, {values})")
            assert found_at(small) == named
            with small.altered() as run:
                run.execute(f"DELETE FROM {table} WHERE position = {position}")
    small.verify()


# A forger who keeps the file consistent


def test_a_consistent_truncation_is_found_by_the_tree_heads(small: SmallLog) -> None:
    for count in (COUNT - 1, 17, 9, BEGUN):
        with small.altered() as run:
            run.execute("DELETE FROM payloads WHERE position > ?", (count,))
            run.execute("DELETE FROM events WHERE position > ?", (count,))
            tree_recomputed(run)
            open_recomputed(run)
        assert small.verify(heads=False).count == count
        assert found_at(small) == count + 1


@pytest.mark.parametrize(("position", "named"), [(1, 1), (8, 2), (9, 9), (16, 9), (20, 17)])
def test_a_consistent_rewrite_is_found_by_the_tree_heads(
    small: SmallLog, position: int, named: int
) -> None:
    with small.altered() as run:
        rewritten(run, position, actor="somebody-else")
    small.verify(heads=False)
    assert found_at(small) == named


def test_a_head_written_after_the_rewrite_does_not_hide_it(small: SmallLog) -> None:
    """The service was started again over the forged file, and recorded its head."""
    with small.altered() as run:
        rewritten(run, 20, actor="somebody-else")
    head_noted(small)
    assert found_at(small) == 17


def head_noted(small: SmallLog) -> None:
    async def note() -> None:
        log = await SqliteLog.open(small.log)
        try:
            note_head(small.heads, await log.frontier(), log.identity)
        finally:
            await log.close()

    asyncio.run(note())


@pytest.mark.parametrize(
    "fields",
    [
        {"version": True},
        {"type": ["transcription.failed"]},
        {"type": "no.such"},
        {"data": []},
        {"data": {"submission": 1, "name": "Ada"}},
        {"stream": {}},
        {"stream": None},
        {"time": 7},
        {"time": "2099-01-01T00:00:00Z"},
        {"time": "yesterday"},
        {"commitment": "é" * 64},
        {"commitment": 1},
        {"causation_id": 1},
        {"position": 2**60},
        {"tenant": 1.5},
        {"previous": -1},
    ],
    ids=str,
)
def test_bytes_of_the_wrong_shape_are_found(small: SmallLog, fields: dict[str, object]) -> None:
    with small.altered() as run:
        rewritten(run, 6, **fields)
    assert found_at(small, heads=False) == 6


@pytest.mark.parametrize(
    "stored", [b"", b"{}", b"null", b"[" * 5_000, b"\xff", b'{"position":1,"position":1}']
)
def test_bytes_that_are_no_event_are_found(small: SmallLog, stored: bytes) -> None:
    with small.altered() as run:
        run.execute(
            "UPDATE events SET bytes = ?, leaf = ? WHERE position = 6", (stored, leaf_hash(stored))
        )
        tree_recomputed(run)
    assert found_at(small, heads=False) == 6


def test_bytes_that_say_the_same_otherwise_are_found(small: SmallLog) -> None:
    event = event_from_bytes(small.stored()[5])
    turned = canonical_bytes(event.envelope()).replace(b",", b", ")
    with small.altered() as run:
        run.execute(
            "UPDATE events SET bytes = ?, leaf = ? WHERE position = 6", (turned, leaf_hash(turned))
        )
        tree_recomputed(run)
    assert found_at(small, heads=False) == 6


# Keys and heads


def test_a_missing_key_is_found_at_the_first_payload_that_needs_it(small: SmallLog) -> None:
    with small.altered() as run:
        position, stream = with_payloads(run)[2]
        run.execute("DELETE FROM vault.data_keys WHERE stream = ?", (stream,))
        first = next(p for p, of in with_payloads(run) if of == stream)
    assert found_at(small) == first <= position
    assert found_at(small, master=None) == first


def test_another_master_key_opens_nothing(small: SmallLog) -> None:
    with small.altered() as run:
        first, _ = with_payloads(run)[0]
    assert found_at(small, master=MasterKey(b"n" * 32)) == first


def test_a_cut_last_line_of_the_tree_heads_is_said_and_the_next_is_whole(small: SmallLog) -> None:
    whole = small.heads.read_bytes()
    small.heads.write_bytes(whole[:-60])
    verdict = small.verify()
    assert verdict.heads == len(HEADS_AT) - 1
    assert verdict.complete
    assert "1 lines of the tree heads are not readable" in verdict.notes
    head_noted(small)
    heads, unreadable = read_heads(small.heads)
    assert [head.size for head in heads] == list(HEADS_AT)
    assert unreadable == 1


def test_a_log_that_is_missing_or_no_database_is_a_store_error(small: SmallLog) -> None:
    small.log.write_bytes(b"not a database, not at all" * 40)
    with pytest.raises(StoreUnavailable):
        small.verify()
    small.log.unlink()
    with pytest.raises(StoreUnavailable):
        small.verify()


def test_without_keys_the_records_are_verified_and_keys_that_are_none_are_damage(
    small: SmallLog,
) -> None:
    small.keys.write_bytes(b"not a database, not at all" * 40)
    with pytest.raises(StructureDamaged, match=r"keys\.db: file is not a database"):
        small.verify()
    for empty in (True, False):
        small.keys.unlink()
        if empty:
            small.keys.touch()
        verdict = small.verify()
        assert (verdict.count, verdict.payloads, verdict.complete) == (COUNT, 0, False)
        assert verdict.unchecked == (
            "payloads were not opened, nor erasures compared with keys: keys.db is not here",
        )


# The files beneath SQLite


def flip_file(small: SmallLog, path: Path, offset: int, bit: int) -> int | None:
    """The position at which one flip in a file is reported, 0 for the file itself, None: never."""
    raw = bytearray(path.read_bytes())
    raw[offset] ^= bit
    path.write_bytes(raw)
    try:
        small.verify()
    except EvidenceError as exc:
        return exc.position
    except (StoreError, CannotStart):
        return 0
    finally:
        raw[offset] ^= bit
        path.write_bytes(raw)
        for leftover in path.parent.glob("*.db-*"):
            leftover.unlink()
    return None


def records_in(small: SmallLog) -> Iterator[tuple[Path, int, int, int]]:
    """Where the files hold the bytes of records: path, offset, length, position."""
    with small.altered() as run:
        for schema in ("main", "vault"):
            run.execute(f"VACUUM {schema}")  # no copies in the free space of pages
        events = run.execute("SELECT position, bytes FROM events").fetchall()
        boxes = run.execute("SELECT position, box FROM payloads").fetchall()
        keys = run.execute(
            "SELECT min(position), data_keys.box FROM payloads JOIN vault.data_keys "
            "USING (key_id) GROUP BY key_id"
        ).fetchall()
    for path, rows in ((small.log, events), (small.log, boxes), (small.keys, keys)):
        raw = path.read_bytes()
        for position, value in rows:
            assert raw.count(value) == 1
            yield path, raw.index(value), len(value), position


def test_a_flip_in_a_file_within_a_record_is_found(small: SmallLog) -> None:
    chance = random.Random(3)
    for path, start, length, position in list(records_in(small)):
        for offset in (start, start + length - 1, start + chance.randrange(length)):
            assert flip_file(small, path, offset, 1 << chance.randrange(8)) == position
    small.verify()


def test_a_flip_anywhere_in_a_file_never_ends_in_a_traceback(small: SmallLog) -> None:
    chance = random.Random(4)
    for path in (small.log, small.keys):
        size = path.stat().st_size
        headers = list(range(0, 108, 3))
        anywhere = [chance.randrange(size) for _ in range(250)]
        page_starts = [
            page + chance.randrange(40) for page in range(0, size, 4_096) for _ in range(6)
        ]
        for offset in headers + page_starts + anywhere:
            flip_file(small, path, offset, 1 << chance.randrange(8))
    small.verify()


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(FLIPPED_IN_PARTS))
def test_a_flip_of_any_byte_of_the_files_never_ends_in_a_traceback(
    small: SmallLog, part: int
) -> None:
    where = [(path, range(at, at + n), position) for path, at, n, position in records_in(small)]
    for path in (small.log, small.keys):
        for offset in range(part, path.stat().st_size, FLIPPED_IN_PARTS):
            found = flip_file(small, path, offset, 1 << offset % 8)
            for of, offsets, position in where:
                if of == path and offset in offsets:
                    assert found == position


# Together with others


def test_verifying_passes_while_the_log_grows(tmp_path: Path) -> None:
    small = SmallLog(directory=tmp_path)
    asyncio.run(small.make_keys())

    async def run() -> list[int]:
        log = await SqliteLog.open(small.log)
        done = asyncio.Event()

        async def grow() -> None:
            while not done.is_set():
                await log.append("upload-1", several(3))
                await asyncio.to_thread(note_head, small.heads, await log.frontier(), log.identity)

        async def check() -> list[int]:
            counts: list[int] = []
            for _ in range(10):
                await log.wait(after=counts[-1] if counts else 0)
                counts.append((await asyncio.to_thread(small.verify, None)).count)
            done.set()
            return counts

        try:
            async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
                growing = [group.create_task(grow()) for _ in range(4)]
                counts = await group.create_task(check())
            assert all(task.done() for task in growing)
            return counts
        finally:
            await log.close()

    counts = asyncio.run(run())
    assert len(set(counts)) == len(counts)
    assert counts == sorted(counts)
    assert small.verify(None).count >= counts[-1]


READ_AS_NOBODY = """
import codecs, os, sys
from pathlib import Path
from tests.faults.small_log import SmallLog
from stenolog.errors import StoreUnavailable
small = SmallLog(directory=Path(sys.argv[1]))
codecs.lookup("ascii")
if os.geteuid() == 0:
    os.setuid(65534)
try:
    print(small.verify().count)
except StoreUnavailable as exc:
    print(type(exc).__name__)
"""


def verified_by_one_who_cannot_write(directory: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", READ_AS_NOBODY, str(directory)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return done.stdout.strip()


def test_files_in_a_directory_where_nothing_can_be_written_are_verified(pristine: SmallLog) -> None:
    """A backup on read-only media, closed cleanly: there is no WAL and none can be made."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)  # others may look for their way through it
        small = pristine.copied(Path(directory) / "backup")
        for path in small.directory.iterdir():
            path.chmod(0o444)
        small.directory.chmod(0o555)
        try:
            assert verified_by_one_who_cannot_write(small.directory) == str(COUNT)
            assert sorted(os.listdir(small.directory)) == ["keys.db", "log.db", "tree-heads.log"]
        finally:
            small.directory.chmod(0o755)


def test_a_wal_that_cannot_be_read_is_said_and_not_skipped(pristine: SmallLog) -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        small = pristine.copied(Path(directory) / "data")
        crashed = Path(directory) / "crashed"
        crashed.mkdir()
        with small.altered() as run:
            run.execute("CREATE TABLE only_in_the_wal (x)")
            for path in (small.log, small.keys, small.log.with_name("log.db-wal")):
                shutil.copy(path, crashed)
        for path in crashed.iterdir():
            path.chmod(0o444)
        crashed.chmod(0o555)
        try:
            assert verified_by_one_who_cannot_write(crashed) == "StoreUnavailable"
        finally:
            crashed.chmod(0o755)


def test_every_type_of_event_is_in_the_small_log(pristine: SmallLog) -> None:
    assert {event_from_bytes(raw).type for raw in pristine.stored()} == {"log.begun", *TYPES}
