"""Keys that an earlier version has stored, opened by this one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stenolog.commands.api_keys import ALL
from stenolog.stores.sqlite.keys.schema import KEYS
from stenolog.stores.sqlite.keys.store import SqliteKeys

BEFORE_ALL = 3  # steps of the schema before the first key was stored as `all`
FIRST = (
    "transcripts:write,transcripts:read,events:read,endpoints:write,keys:write,ops:read,"
    "compliance:read,compliance:erase,compliance:hold"
)


@pytest.mark.parametrize(
    ("stored", "now"),
    [
        (FIRST, (ALL,)),
        (
            "transcripts:write,transcripts:read,events:read",
            ("transcripts:write", "transcripts:read", "events:read", "compliance:erase"),
        ),
        ("transcripts:write,compliance:erase", ("transcripts:write", "compliance:erase")),
        ("transcripts:read,endpoints:write", ("transcripts:read",)),
        ("compliance:read,compliance:hold", ()),
        ("keys:write", ("keys:write",)),
        ("", ()),
    ],
)
async def test_an_older_key_may_what_it_could_and_nothing_that_is_not_there(
    tmp_path: Path, stored: str, now: tuple[str, ...]
) -> None:
    """It could delete when it could write; the first one could do everything."""
    path = tmp_path / KEYS.name
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for step in KEYS.steps[:BEFORE_ALL]:
            file.executescript(step)
        file.execute(f"PRAGMA user_version = {BEFORE_ALL}")
        file.execute("INSERT INTO tenants (id, name) VALUES ('tenant', 'acme')")
        file.execute(
            "INSERT INTO api_keys (prefix, id, hash, tenant, name, scopes, created_at) "
            "VALUES ('AAAAAAAA', 'id', x'00', 'tenant', 'x', ?, '')",
            (stored,),
        )
    keys = await SqliteKeys.open(path)
    try:
        found = await keys.api_key("AAAAAAAA")
        assert found is not None
        assert found.scopes == now
    finally:
        await keys.close()


async def test_only_the_first_key_gets_all_and_not_another_tenants_that_could_do_as_much(
    tmp_path: Path,
) -> None:
    path = tmp_path / KEYS.name
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for step in KEYS.steps[:BEFORE_ALL]:
            file.executescript(step)
        file.execute(f"PRAGMA user_version = {BEFORE_ALL}")
        for prefix, tenant, created_at in (("AAAAAAAA", "acme", "2"), ("ZZZZZZZZ", "default", "1")):
            file.execute("INSERT INTO tenants (id, name) VALUES (?, ?)", (tenant, tenant))
            file.execute(
                "INSERT INTO api_keys (prefix, id, hash, tenant, name, scopes, created_at) "
                "VALUES (?, ?, x'00', ?, 'x', ?, ?)",
                (prefix, prefix, tenant, FIRST, created_at),
            )
    keys = await SqliteKeys.open(path)
    try:
        first, other = await keys.api_key("ZZZZZZZZ"), await keys.api_key("AAAAAAAA")
        assert first is not None
        assert other is not None
        assert first.scopes == (ALL,)
        assert ALL not in other.scopes
        assert "keys:write" in other.scopes
    finally:
        await keys.close()
