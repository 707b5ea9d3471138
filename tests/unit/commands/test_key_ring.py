"""API keys are made and revoked in the log first, and the log has the last word."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_args

import pytest

from stenolog.commands.api_keys import ALL, DEFAULT_TENANT, SCOPES, ApiKey, LastManagingKey
from stenolog.commands.key_ring import KeyRing
from stenolog.errors import StoreUnavailable
from stenolog.log.actors import OPERATOR
from stenolog.log.event import Event
from stenolog.log.events.vocabulary import Scope
from stenolog.log.recorder import FactRecorder, NoSealer
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.data_files import log_and_keys
from tests.log_samples import BEGUN


def test_every_scope_can_be_recorded() -> None:
    """A scope that is new raises the log's format."""
    assert set(get_args(Scope)) == {ALL, *SCOPES}


class BrokenOff(SqliteKeys):
    """Keys of a process that ends before it has revoked anything in them."""

    async def revoke_api_key(self, key_id: str, at: str) -> ApiKey | None:
        raise StoreUnavailable("injected: the process ended")


def ring_over(log: SqliteLog, keys: SqliteKeys) -> KeyRing:
    return KeyRing(keys, log, FactRecorder(log, NoSealer()))


async def made(ring: KeyRing, tenant: str = "acme", *scopes: str) -> ApiKey:
    _, key = await ring.create(actor=OPERATOR, tenant=tenant, name="x", scopes=scopes or SCOPES)
    return key


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[tuple[SqliteLog, SqliteKeys]]:
    async with log_and_keys(tmp_path) as opened:
        yield opened


async def events_of(log: SqliteLog, key: ApiKey) -> list[Event]:
    return await log.read_stream(f"api-key-{key.id}")


async def test_a_key_and_its_end_are_in_the_log_without_anything_of_its_secret(
    files: tuple[SqliteLog, SqliteKeys],
) -> None:
    log, keys = files
    ring = ring_over(log, keys)
    secret, key = await ring.create(
        actor=OPERATOR, tenant="acme", name="ci", scopes=(ALL,), region="eu"
    )
    revoked = await ring.revoke(key.prefix, None, actor=key.id)
    created, ended = await events_of(log, key)
    made = {"scopes": ["all"], "region": "eu", "provider": None}
    assert (created.type, created.data) == ("api_key.created", made)
    assert (ended.type, ended.data) == ("api_key.revoked", {})
    assert (created.tenant, created.actor, created.sequence) == (key.tenant, OPERATOR, 0)
    assert (ended.tenant, ended.actor) == (key.tenant, key.id)
    assert revoked is not None
    assert revoked.revoked_at == ended.time
    stored = b"".join(event.to_bytes() for event in await log.read())
    for part in (key.prefix, secret.removeprefix(f"sk_{key.prefix}_")):  # either may have a _
        assert part.encode() not in stored
    assert key.hash.hex().encode() not in stored


async def test_a_key_is_revoked_once(files: tuple[SqliteLog, SqliteKeys]) -> None:
    log, keys = files
    ring = ring_over(log, keys)
    key = await made(ring)
    revoked = await ring.revoke(key.id, None, actor=OPERATOR)
    assert await ring.revoke(key.prefix, key.tenant, actor=OPERATOR) == revoked
    assert await ring.revoke(key.prefix, "another", actor=OPERATOR) is None
    assert len(await events_of(log, key)) == 2


async def test_a_revocation_that_broke_off_holds_from_the_next_start_on(tmp_path: Path) -> None:
    async with log_and_keys(tmp_path) as (log, keys):
        key, other = await made(ring_over(log, keys)), await made(ring_over(log, keys))
    log = await SqliteLog.open(tmp_path / "log.db")
    broken = await BrokenOff.open(tmp_path / "keys.db", log.identity)
    with pytest.raises(StoreUnavailable):
        await ring_over(log, broken).revoke(key.id, None, actor=OPERATOR)
    await broken.close()
    await log.close()
    async with log_and_keys(tmp_path) as (log, keys):
        ring = ring_over(log, keys)
        assert await ring.catch_up() == 1
        found = await keys.api_key(key.prefix)
        assert found is not None
        assert found.revoked_at == (await events_of(log, key))[-1].time
        untouched = await keys.api_key(other.prefix)
        assert untouched is not None
        assert untouched.revoked_at is None
        assert await ring.catch_up() == 0


async def test_a_key_that_older_keys_bring_back_is_revoked_again(tmp_path: Path) -> None:
    async with log_and_keys(tmp_path) as (log, keys):
        key = await made(ring_over(log, keys))
    shutil.copy(tmp_path / "keys.db", tmp_path / "older.db")
    async with log_and_keys(tmp_path) as (log, keys):
        await ring_over(log, keys).revoke(key.id, None, actor=OPERATOR)
    shutil.copy(tmp_path / "older.db", tmp_path / "keys.db")
    async with log_and_keys(tmp_path) as (log, keys):
        brought_back = await keys.api_key(key.prefix)
        assert brought_back is not None
        assert brought_back.revoked_at is None
        assert await ring_over(log, keys).catch_up() == 1
        found = await keys.api_key(key.prefix)
        assert found is not None
        assert found.revoked_at is not None


async def test_of_two_that_manage_keys_one_stays_however_they_are_revoked(
    files: tuple[SqliteLog, SqliteKeys],
) -> None:
    log, keys = files
    ring = ring_over(log, keys)
    both = [await made(ring, DEFAULT_TENANT) for _ in range(2)]
    outcomes = await asyncio.gather(
        *(ring.revoke(key.id, None, actor=OPERATOR) for key in both), return_exceptions=True
    )
    assert [isinstance(one, LastManagingKey) for one in outcomes] == [False, True]
    assert await log.head() == BEGUN + 3, "a revocation that is refused is not in the log"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET bytes = x'00' WHERE type = 'api_key.revoked'",
        "DELETE FROM events WHERE type = 'api_key.revoked'",
    ],
)
async def test_a_revocation_whose_record_is_damaged_holds_all_the_same(
    files: tuple[SqliteLog, SqliteKeys], tmp_path: Path, damage: str
) -> None:
    log, keys = files
    ring = ring_over(log, keys)
    first = await made(ring)
    key = await made(ring)
    await ring.revoke(key.id, None, actor=OPERATOR)
    await made(ring)  # it is not the last record
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as run:
        assert run.execute(damage).rowcount == 1
        run.commit()
    with contextlib.closing(sqlite3.connect(tmp_path / "keys.db")) as run:
        run.execute("UPDATE api_keys SET revoked_at = NULL")  # the keys are older than the log
        run.commit()
    assert await ring_over(log, keys).catch_up() == 1
    revoked = {one.id: one.revoked_at for one in await keys.api_keys(None, after="", limit=9)}
    assert revoked[key.id] is not None
    assert revoked[first.id] is None
