"""What happens while the log is verified is no damage."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from stenolog.compliance.data_keys import WrappedKey
from stenolog.compliance.records import StoredRow, StoredTree
from stenolog.compliance.tree_heads import each_head
from stenolog.compliance.vault import Vault
from stenolog.compliance.verdict import Verdict
from stenolog.compliance.verify import TAIL_MAX, verify
from stenolog.errors import EvidenceError
from stenolog.log.event import NewEvent
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.records import SqliteRecords
from tests.dedupe_keys import keyed
from tests.faults.small_log import MASTER, SmallLog
from tests.log_samples import new_event, new_id, several
from tests.tree_heads import note_head

STREAM = "transcription-1"


class Meanwhile(SqliteRecords):
    """Records beside which something happens, before or after one of their methods is called."""

    def __init__(self, small: SmallLog, moment: str, happens: Callable[[], None]) -> None:
        super().__init__(small.log, small.keys)
        self._moment = moment
        self._happens: Callable[[], None] | None = happens

    def _is(self, moment: str) -> None:
        if moment == self._moment and self._happens is not None:
            happens, self._happens = self._happens, None
            happens()

    def rows(self, after: int, until: int) -> list[StoredRow]:
        self._is("before rows")
        found = list(super().rows(after, until))
        self._is("after rows")
        return found

    def data_key(self, key_id: str) -> WrappedKey | None:
        self._is("before a key")
        found = super().data_key(key_id)
        self._is("after a key")
        return found

    def tree(self) -> StoredTree:
        found = super().tree()
        self._is("after the tree")
        return found

    def structure(self, alive: Callable[[], None]) -> Iterator[str]:
        self._is("before the structure")
        return super().structure(alive)


MOMENTS = [
    "after the tree",
    "before rows",
    "after rows",
    "before a key",
    "after a key",
    "before the structure",
]


@asynccontextmanager
async def opened(small: SmallLog) -> AsyncIterator[tuple[SqliteLog, Vault]]:
    log = await SqliteLog.open(small.log)
    keys = await SqliteKeys.open(small.keys, log.identity)
    try:
        yield log, Vault(MASTER, keys, log.sealings)
    finally:
        await log.close()
        await keys.close()


async def sealed(vault: Vault, stream: str) -> NewEvent:
    event_id = new_id()
    payload = await vault.seal(stream, event_id, b"what was said")
    return new_event("transcription.requested", id=event_id, payload=payload)


@pytest.fixture
def small(tmp_path: Path) -> SmallLog:
    small = SmallLog(directory=tmp_path)

    async def make() -> None:
        async with opened(small) as (log, vault):
            for stream in (STREAM, "transcription-2", STREAM):
                await log.append(stream, [await sealed(vault, stream)])
            note_head(small.heads, await log.frontier(), log.identity)

    asyncio.run(make())
    return small


def verified(small: SmallLog, moment: str, happens: Callable[[], None]) -> Verdict:
    with closing(Meanwhile(small, moment, happens)) as records:
        verdict = verify(records, MASTER, each_head(small.heads))
        assert records._happens is None, "it did happen"
    return verdict


def erase(small: SmallLog, *, complete: bool, more: int = 0) -> None:
    async def run() -> None:
        async with opened(small) as (log, vault):
            await log.append(STREAM, [keyed(STREAM, new_event("erasure.requested"))])
            await vault.destroy(STREAM)
            for _ in range(more // 60):
                await log.append("upload-1", several(60))
            if complete:
                await log.append(STREAM, [new_event("erasure.completed")])
            note_head(small.heads, await log.frontier(), log.identity)

    asyncio.run(run())


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_erasure_meanwhile_is_no_missing_key(
    small: SmallLog, moment: str, complete: bool
) -> None:
    verdict = verified(small, moment, lambda: erase(small, complete=complete))
    assert verdict.complete
    assert verdict.payloads + verdict.erased == 3
    assert small.verify().erased == 2


def test_an_erasure_with_many_events_behind_it_is_no_missing_key(small: SmallLog) -> None:
    more = 2 * TAIL_MAX
    verdict = verified(small, "after rows", lambda: erase(small, complete=True, more=more))
    assert verdict.complete
    assert verdict.count >= 4


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_is_appended_meanwhile_is_verified_too_or_not_looked_at(
    small: SmallLog, moment: str
) -> None:
    async def append() -> None:
        async with opened(small) as (log, vault):
            await log.append("transcription-7", [await sealed(vault, "transcription-7")])
            await log.append(STREAM, [new_event("submission.claimed")])
            note_head(small.heads, await log.frontier(), log.identity)

    verdict = verified(small, moment, lambda: asyncio.run(append()))
    assert verdict.complete
    assert verdict.count in {4, 6}


def test_a_key_lost_meanwhile_without_an_erasure_is_found(small: SmallLog) -> None:
    def lose() -> None:
        with closing(sqlite3.connect(small.keys)) as run, run:
            run.execute("DELETE FROM data_keys WHERE stream = ?", (STREAM,))

    with pytest.raises(EvidenceError) as raised:
        verified(small, "before a key", lose)
    assert raised.value.position == 2
