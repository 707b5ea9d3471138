"""`verify` excuses a missing key by the erasure of its stream, and by nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stenolog.compliance.vault import Vault
from stenolog.errors import EvidenceError
from stenolog.log.event import NewEvent
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.dedupe_keys import keyed
from tests.faults.small_log import MASTER, SmallLog, rewritten
from tests.log_samples import new_event, new_id
from tests.tree_heads import note_head

ERASED, KEPT = "transcription-1", "transcription-2"
REQUESTED = "transcription.requested"


async def build(directory: Path, *, erase: bool, complete: bool = False) -> SmallLog:
    """Positions: 2 and 4 of a stream that loses its key, 3 of one that does not, 5 the erasure."""
    small = SmallLog(directory=directory)
    log = await SqliteLog.open(small.log)
    keys = await SqliteKeys.open(small.keys, log.identity)
    vault = Vault(MASTER, keys, log.sealings)

    async def sealed(stream: str) -> NewEvent:
        event_id = new_id()
        payload = await vault.seal(stream, event_id, b"what was said")
        return new_event(REQUESTED, id=event_id, payload=payload)

    try:
        for stream in (ERASED, KEPT, ERASED):
            await log.append(stream, [await sealed(stream)])
        if erase:
            await log.append(ERASED, [keyed(ERASED, new_event("erasure.requested"))])
        await vault.destroy(ERASED)
        if complete:
            await log.append(ERASED, [new_event("erasure.completed")])
        await log.append(KEPT, [await sealed(KEPT)])
        note_head(small.heads, await log.frontier(), log.identity)
    finally:
        await log.close()
        await keys.close()
    return small


@pytest.fixture
def erased(tmp_path: Path) -> SmallLog:
    return asyncio.run(build(tmp_path, erase=True))


def found(small: SmallLog) -> tuple[int, str]:
    with pytest.raises(EvidenceError) as raised:
        small.verify()
    return raised.value.position, str(raised.value)


def test_what_was_erased_is_counted_and_the_rest_is_verified(erased: SmallLog) -> None:
    verdict = erased.verify()
    assert (verdict.count, verdict.payloads, verdict.erased) == (6, 2, 2)
    without = erased.verify(None)
    assert (without.payloads, without.erased) == (0, 2), "that a key is gone is seen without one"


def test_without_an_erasure_the_first_missing_key_is_named(tmp_path: Path) -> None:
    small = asyncio.run(build(tmp_path, erase=False))
    assert found(small) == (2, "the key of its payload is missing")


def test_another_streams_key_is_not_excused(erased: SmallLog) -> None:
    with erased.altered() as run:
        run.execute("DELETE FROM vault.data_keys WHERE stream = ?", (KEPT,))
    assert found(erased) == (3, "the key of its payload is missing")


def test_damage_between_is_named_although_the_erasure_comes_later(erased: SmallLog) -> None:
    with erased.altered() as run:
        run.execute("UPDATE payloads SET box = x'00' WHERE position = 3")
    assert found(erased)[0] == 3


def test_an_erasure_that_is_damaged_excuses_nothing(erased: SmallLog) -> None:
    with erased.altered() as run:
        run.execute("UPDATE events SET leaf = zeroblob(32) WHERE position = 5")
    assert found(erased) == (2, "the key of its payload is missing")


def test_an_event_passed_off_as_an_erasure_excuses_nothing(erased: SmallLog) -> None:
    with erased.altered() as run:
        run.execute("DELETE FROM vault.data_keys WHERE stream = ?", (KEPT,))
        run.execute("UPDATE events SET type = 'erasure.requested' WHERE position = 6")
    assert found(erased) == (3, "the key of its payload is missing")


def test_an_erasure_written_into_the_past_is_found_by_the_tree(tmp_path: Path) -> None:
    small = asyncio.run(build(tmp_path, erase=False))
    with small.altered() as run:
        rewritten(run, 4, type="erasure.requested", data={"surface": "v2"}, commitment=None)
        run.execute("UPDATE events SET type = 'erasure.requested' WHERE position = 4")
        run.execute("DELETE FROM payloads WHERE position = 4")
    position, reason = found(small)
    assert position == 1
    assert "replaced" in reason
