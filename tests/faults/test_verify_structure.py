"""What stands around the records is checked too, and told without a record's position."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from stenolog.compliance.verdict import StructureDamaged
from stenolog.errors import EvidenceError
from stenolog.stores.sqlite.checks.derived import open_rows
from stenolog.stores.sqlite.file.connection import PAGE_BYTES
from tests.faults.small_log import COUNT, STREAMS, SmallLog
from tests.faults.test_verify_erased import ERASED, KEPT, build

BY_STREAM = "sqlite_autoindex_events_2"  # UNIQUE (stream, version)


def found(small: SmallLog) -> tuple[str, ...]:
    with pytest.raises(StructureDamaged) as raised:
        small.verify()
    assert raised.value.verdict.count == COUNT, "every record holds"
    assert not any("position" in finding for finding in raised.value.findings)
    return raised.value.findings


PLANTED = (
    "INSERT INTO dedupe SELECT {}, min(position) FROM events WHERE type = 'transcription.requested'"
)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM dedupe", "dedupe key of event"),
        ("DELETE FROM dedupe WHERE key GLOB '*:erasure'", "dedupe key of event"),
        ("UPDATE dedupe SET position = 2 WHERE key GLOB 'delivery-*'", "leads elsewhere"),
        ("INSERT INTO dedupe VALUES ('delivery-never', 3)", "no event was appended with"),
        ("INSERT INTO dedupe VALUES ('delivery-never', 999)", "no event was appended with"),
        (
            PLANTED.format("'0193a1b2-0000-7000-8000-000000000001:released'"),
            "no event was appended",
        ),
        (PLANTED.format(f"'idempotency:{'A' * 64}'"), "no event was appended"),
        (PLANTED.format(f"'idempotency:{'a' * 63}'"), "no event was appended"),
        (PLANTED.format(f"'idempotency:{'a' * 64}'"), "no event was appended"),
        ("DELETE FROM streams", "streams says of log-"),
        ("UPDATE streams SET version = version - 1 WHERE stream GLOB 'upload-*'", "of upload-2"),
        ("UPDATE streams SET position = 2 WHERE stream GLOB 'upload-*'", "of upload-2"),
        ("INSERT INTO streams VALUES ('upload-never', 3, 1)", "of upload-never"),
        ("DELETE FROM tenants", "another last sequence"),
        ("UPDATE tenants SET sequence = sequence + 1", "another last sequence"),
        ("UPDATE tenants SET position = position - 1", "another last sequence"),
        ("INSERT INTO tenants VALUES ('nobody', 1, 1)", "tenants says of nobody"),
        ("UPDATE tree SET last_us = last_us + 1", "another time than the last event"),
        ("DELETE FROM open_transcriptions", "to which something is owed"),
        ("UPDATE open_transcriptions SET urgent = 1 - urgent", "what its events do not"),
        ("UPDATE open_transcriptions SET version = version - 1", "what its events do not"),
        ("UPDATE open_transcriptions SET unsettled = '77'", "what its events do not"),
        (
            "INSERT INTO open_transcriptions VALUES ('transcription-x', 1, 1, 1, 1, 1, '', '')",
            "has transcription-x, to which nothing is owed",
        ),
        (
            "CREATE TRIGGER planted AFTER INSERT ON payloads BEGIN "
            "DELETE FROM payloads WHERE position = 2; END",
            "the trigger planted is not one of Stenolog's",
        ),
        ("CREATE TABLE extra (x)", "the table extra is not one of Stenolog's"),
        ("DROP INDEX events_by_sequence", "the index events_by_sequence is missing"),
        ("DROP TABLE probe", "the table probe is missing"),
        ("ALTER TABLE dedupe ADD COLUMN more", "the table dedupe is not declared"),
        ("DROP TABLE vault.destroyed", "keys.db: the table destroyed is missing"),
        (
            "CREATE TRIGGER vault.planted AFTER INSERT ON data_keys BEGIN SELECT 1; END",
            "keys.db: the trigger planted",
        ),
    ],
)
def test_what_is_not_as_the_records_say_is_named(small: SmallLog, damage: str, said: str) -> None:
    with small.altered() as run:
        run.execute("PRAGMA foreign_keys = OFF")
        run.execute(damage)
    assert any(said in finding for finding in found(small)), found(small)


def test_a_name_that_is_no_text_is_told(small: SmallLog) -> None:
    with small.altered() as run:
        run.execute("PRAGMA writable_schema = ON")
        run.execute("UPDATE sqlite_schema SET name = CAST(name AS BLOB) WHERE name = 'probe'")
    assert any("the table b'probe' is not one of Stenolog's" in one for one in found(small))


@pytest.mark.parametrize("name", [None, b"x", 7])
def test_a_stream_that_is_no_text_is_compared_as_one(name: object) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as run:
        columns = "stream, position, version, open, outcome_owed, urgent, unsettled, jobless"
        run.execute(f"CREATE TABLE open_transcriptions ({columns})")
        run.execute("INSERT INTO open_transcriptions (stream) VALUES (?)", (name,))
        assert [row.stream for row in open_rows(run)] == [str(name)]


def test_a_flipped_entry_of_an_index_is_found(small: SmallLog) -> None:
    """The records are read by their positions: the index alone is wrong."""
    with small.altered() as run:
        run.execute("VACUUM")
        page = run.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (BY_STREAM,)
        ).fetchone()[0]
    content = bytearray(small.log.read_bytes())
    begin = (page - 1) * PAGE_BYTES
    at = content.index(STREAMS[0].encode(), begin, begin + PAGE_BYTES)
    content[at + len(STREAMS[0]) - 1] ^= 1
    small.log.write_bytes(content)
    assert any("missing from index" in finding for finding in found(small))


def test_a_record_that_is_wrong_comes_before_a_structure_that_is(small: SmallLog) -> None:
    with small.altered() as run:
        run.execute("CREATE TABLE extra (x)")
        run.execute("UPDATE events SET type = 'x' WHERE position = 5")
    with pytest.raises(EvidenceError) as raised:
        small.verify()
    assert raised.value.position == 5


@pytest.fixture
def erased(tmp_path: Path) -> SmallLog:
    return asyncio.run(build(tmp_path, erase=True, complete=True))


def test_a_key_that_outlives_its_erasure_is_found(erased: SmallLog) -> None:
    """As after a restore of older keys."""
    assert erased.verify().erased == 2
    with erased.altered() as run:
        run.execute(
            "INSERT INTO vault.data_keys SELECT 'again', ?, box FROM vault.data_keys "
            "WHERE stream = ?",
            (ERASED, KEPT),
        )
    for master in (False, True):
        with pytest.raises(EvidenceError, match="still there") as raised:
            erased.verify(*([] if master else [None]))
        assert raised.value.position == 6, "where the erasure was completed"
