"""A process whose files may not grow for a while: `-m tests.faults.full_disk WHAT SLACK DIR`.

RLIMIT_FSIZE makes the kernel refuse writes beyond a size, as a full disk does, in the middle of
SQLite's work. The process checks what happens and ends with status 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stenolog.compliance.data_keys import MasterKey, WrappedKey, new_wrapped_key
from stenolog.compliance.tree_heads import FILE_NAME, read_heads
from stenolog.compliance.vault import Vault
from stenolog.compliance.verify import verify
from stenolog.errors import OutcomeUnknown, StoreError, StoreUnavailable
from stenolog.log.event import NewEvent
from stenolog.log.format import UNBOUND
from stenolog.log.merkle import Frontier
from stenolog.log.store import Appended
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.records import SqliteRecords
from tests.faults.appender import request_key
from tests.log_samples import BEGUN, PUBLIC, new_event
from tests.tree_heads import note_head

MASTER = MasterKey(b"f" * 32)
TRIES = 40
ACCEPTED = (StoreUnavailable, OutcomeUnknown)


@contextlib.contextmanager
def full(path: Path, slack: int) -> Iterator[None]:
    """No file may grow beyond what this one has now, and `slack` more bytes."""
    size = path.stat().st_size if path.exists() else 0
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + slack, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


async def the_log_recovers(directory: Path, slack: int) -> None:
    log = await SqliteLog.open(directory / "log.db")
    keys = await SqliteKeys.open(directory / "keys.db", log.identity)
    vault = Vault(MASTER, keys, log.sealings)
    given: list[list[NewEvent]] = []

    async def append(number: int) -> Appended | StoreError:
        event = new_event(PUBLIC, dedupe_key=request_key(str(number)))
        sealed = await vault.seal("transcription-1", event.id, os.urandom(5_000))
        given.append([replace(event, payload=sealed), new_event()])
        try:
            return await log.append("transcription-1", given[-1])
        except ACCEPTED as exc:
            return exc

    assert isinstance(await append(-1), Appended)
    outcomes: list[Appended | StoreError] = []
    with full(directory / "log.db-wal", slack):
        for number in range(0, TRIES, 4):
            outcomes += await asyncio.gather(*(append(number + n) for n in range(4)))
            assert await log.head() <= BEGUN + 2 * len(given)
            assert len(await log.read()) >= 2  # readers read on
    failed = sum(isinstance(outcome, StoreError) for outcome in outcomes)
    assert failed >= TRIES // 4, f"only {failed} appends met the full disk"
    assert isinstance(await append(TRIES), Appended), "it must go on without being opened anew"
    present = {event.id for event in await log.read(after=BEGUN)}
    for events, outcome in zip(given[1:], outcomes, strict=False):
        if isinstance(outcome, Appended):
            assert {event.id for event in events} <= present, "an append failed silently"
    for events in given:
        await log.append("transcription-1", events)
    ids = [event.id for event in await log.read(after=BEGUN)]
    assert sorted(ids) == sorted(event.id for events in given for event in events)
    assert await log.head() == BEGUN + len(ids)
    await log.close()
    await keys.close()
    with contextlib.closing(SqliteRecords(directory / "log.db", directory / "keys.db")) as records:
        assert verify(records, MASTER, []).count == BEGUN + 2 * len(given)


async def the_probe_tells(directory: Path, slack: int) -> None:
    log = await SqliteLog.open(directory / "log.db")
    await log.append("upload-1", [new_event()])
    await log.append("probe", [])
    with full(directory / "none", slack):
        for _ in range(3):
            try:
                await log.append("probe", [])
            except ACCEPTED:
                continue
            raise AssertionError("an append of nothing did not meet the full disk")
    await log.append("probe", [])
    assert await log.head() == BEGUN + 1
    await log.close()


async def the_keys_recover(directory: Path, slack: int) -> None:
    keys = await SqliteKeys.open(directory / "keys.db")
    given: list[WrappedKey] = []

    async def add(number: int) -> WrappedKey | StoreError:
        given.append(new_wrapped_key(MASTER, f"transcription-{number}"))
        try:
            return await keys.add_data_key(given[-1])
        except ACCEPTED as exc:
            return exc

    assert await add(-1) == given[0]
    outcomes: list[WrappedKey | StoreError] = []
    with full(directory / "keys.db-wal", slack):
        for number in range(0, TRIES, 4):
            outcomes += await asyncio.gather(*(add(number + n) for n in range(4)))
            assert await keys.data_key(given[0].key_id) == given[0]
    failed = sum(isinstance(outcome, StoreError) for outcome in outcomes)
    assert failed >= TRIES // 8, f"only {failed} writes met the full disk"
    assert await add(TRIES) == given[-1], "it must go on without being opened anew"
    for key, outcome in zip(given[1:], outcomes, strict=False):
        if isinstance(outcome, WrappedKey):
            assert await keys.data_key(key.key_id) == key, "a write failed silently"
    for key in given:
        assert await keys.add_data_key(key) == key
        assert await keys.data_key_of(key.stream) == key
    await keys.close()


async def opening_recovers(directory: Path, slack: int) -> None:
    with full(directory / "none", slack):
        for opener in (SqliteLog.open, SqliteKeys.open):
            try:
                await opener(directory / "new.db")
            except StoreUnavailable:
                continue
            raise AssertionError("it opened on a full disk")
    (directory / "new.db").unlink(missing_ok=True)
    log = await SqliteLog.open(directory / "new.db")
    assert (await log.append("upload-1", [new_event()])).positions == (BEGUN + 1,)
    await log.close()


async def tree_heads_recover(directory: Path, slack: int) -> None:
    path = directory / FILE_NAME
    note_head(path, Frontier(), UNBOUND)
    with full(path, slack):
        try:
            note_head(path, Frontier(), UNBOUND)
        except StoreUnavailable:
            pass
        else:
            raise AssertionError("half a line passed for a whole one")
    note_head(path, Frontier(), UNBOUND)
    heads, unreadable = read_heads(path)
    assert (len(heads), unreadable) == (2, int(slack > 0))


CASES = {
    "log": the_log_recovers,
    "probe": the_probe_tells,
    "keys": the_keys_recover,
    "open": opening_recovers,
    "heads": tree_heads_recover,
}

if __name__ == "__main__":
    try:
        asyncio.run(CASES[sys.argv[1]](Path(sys.argv[3]), int(sys.argv[2])))
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # a store that a failed check left open would keep the process
