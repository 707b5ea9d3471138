"""The data directory: ours alone, locked once, recognised by its master key."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from stenolog.bootstrap.gateway import open_gateway
from stenolog.bootstrap.identity import callback_keys, open_master_key, secret_of
from stenolog.cli.doctor import public_url
from stenolog.compliance.data_keys import MasterKey
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart, DataDirectoryLocked
from stenolog.stores.files.directory import (
    LOCK,
    MASTER_KEY,
    locked,
    make_directory,
    running,
    write_durably,
)
from stenolog.stores.files.key_files import read_master_key
from stenolog.stores.sqlite.keys.store import SqliteKeys

ADDRESS = "http://127.0.0.1:1"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def settings_in(directory: Path, **more: object) -> Settings:
    given: dict[str, Any] = {
        "assemblyai_api_key": SecretStr("k"),
        "assemblyai_base_url": "http://127.0.0.1:9",
        **more,
    }
    return Settings(data_dir=directory, **given)


def test_a_directory_and_all_in_it_are_ours_alone(tmp_path: Path) -> None:
    make_directory(tmp_path / "a" / "b")
    assert mode(tmp_path / "a" / "b") == 0o700
    assert {mode(path) for path in (tmp_path / "a" / "b").iterdir()} == {0o700}
    (tmp_path / "wide").mkdir(mode=0o755)
    make_directory(tmp_path / "wide")
    assert mode(tmp_path / "wide") == 0o700


def test_a_place_that_is_no_directory_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CannotStart, match="--data-dir") as raised:
            make_directory(place)
        assert "\n" not in str(raised.value)


def test_a_lock_is_held_by_one_and_says_by_whom(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    with locked(tmp_path, url="http://127.0.0.1:8080"):
        found = running(tmp_path)
        assert found is not None
        assert (found.pid, found.url) == (os.getpid(), "http://127.0.0.1:8080")
        assert mode(tmp_path / LOCK) == 0o600
        with (
            pytest.raises(DataDirectoryLocked, match=f"process {os.getpid()} at http://127"),
            locked(tmp_path),
        ):
            pass
        assert running(tmp_path) == found
    assert running(tmp_path) is None
    with locked(tmp_path):
        pass


def test_a_lock_that_is_removed_admits_nobody(tmp_path: Path) -> None:
    """As after "rm DATA_DIR/lock", because it looks stale."""
    with locked(tmp_path):
        (tmp_path / LOCK).unlink()
        with pytest.raises(DataDirectoryLocked), locked(tmp_path):
            pass
    with locked(tmp_path):
        pass


def test_a_lock_with_nonsense_in_it_is_still_a_lock(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("no JSON")
    assert running(tmp_path) is None
    with locked(tmp_path), (tmp_path / LOCK).open("w") as file:
        file.write("[]")
        file.flush()
        with pytest.raises(DataDirectoryLocked), locked(tmp_path):
            pass


def test_a_small_file_is_written_whole_and_for_us_alone(tmp_path: Path) -> None:
    write_durably(tmp_path / "key", "one\n")
    write_durably(tmp_path / "key", "two\n")
    assert (tmp_path / "key").read_text() == "two\n"
    assert mode(tmp_path / "key") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    with pytest.raises(CannotStart):
        write_durably(tmp_path / "missing" / "key", "x")


@pytest.mark.parametrize("content", ["", "00", "zz" * 32, "é" * 64])
def test_a_master_key_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / MASTER_KEY).write_text(content)
    with pytest.raises(CannotStart, match="64 hex digits"):
        read_master_key(tmp_path)


def test_asking_who_has_the_lock_refuses_no_gateway(tmp_path: Path) -> None:
    """The lock is held as `running` holds it, for longer than it does, after a crash."""
    (tmp_path / LOCK).write_text('{"pid": 1, "url": "http://127.0.0.1:1"}')
    asking = os.open(tmp_path / LOCK, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    threading.Timer(0.06, os.close, [asking]).start()
    with locked(tmp_path):
        found = running(tmp_path)
        assert found is not None
        assert found.pid == os.getpid()


async def test_a_gateway_makes_what_it_needs_once(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    make_directory(tmp_path)
    async with open_gateway(settings, ADDRESS) as gateway:
        assert gateway.new_api_key
        assert gateway.new_master_key
        assert not gateway.polled
    assert mode(tmp_path) == 0o700
    assert {mode(tmp_path / name) for name in ("api-key", "master-key")} == {0o600}
    key = (tmp_path / "api-key").read_text()
    assert key.startswith("sk_")
    async with open_gateway(settings, ADDRESS) as gateway:
        assert not gateway.new_api_key
        assert not gateway.new_master_key
    assert (tmp_path / "api-key").read_text() == key


async def test_a_provider_that_cannot_call_is_polled(tmp_path: Path) -> None:
    make_directory(tmp_path)
    remote = settings_in(tmp_path, assemblyai_base_url=None)
    async with open_gateway(remote, ADDRESS) as gateway:
        assert gateway.polled


def test_only_providers_that_are_used_are_asked_whether_they_can_call(tmp_path: Path) -> None:
    none = settings_in(tmp_path, assemblyai_api_key=None, assemblyai_base_url=None)
    assert not none.cannot_be_called(ADDRESS)
    beside = settings_in(tmp_path, provider="local", assemblyai_base_url=None)
    assert beside.cannot_be_called(ADDRESS)
    assert not beside.cannot_be_called("https://stenolog.example")
    eu = {"assemblyai_region": "eu", "assemblyai_eu_api_key": SecretStr("e")}
    here = settings_in(tmp_path, **eu, assemblyai_api_key=None, assemblyai_base_url=None)
    assert here.offered_regions == ("eu",)
    assert here.cannot_be_called(ADDRESS)


async def test_assemblyai_beside_the_engine_is_polled_where_it_cannot_call(tmp_path: Path) -> None:
    make_directory(tmp_path)
    settings = settings_in(tmp_path, provider="local", assemblyai_base_url=None)
    async with open_gateway(settings, ADDRESS) as gateway:
        assert gateway.polled
    found = public_url(settings)
    assert found.holds is None
    assert "cannot be reached by AssemblyAI" in found.said


async def test_another_master_key_is_refused(tmp_path: Path) -> None:
    make_directory(tmp_path)
    async with open_gateway(settings_in(tmp_path), ADDRESS):
        pass
    other = settings_in(tmp_path, master_key=SecretStr("ab" * 32))
    with pytest.raises(CannotStart, match="not the one of this data directory"):
        async with open_gateway(other, ADDRESS):
            pass
    (tmp_path / MASTER_KEY).unlink()
    with pytest.raises(CannotStart, match="is missing"):
        async with open_gateway(settings_in(tmp_path), ADDRESS):
            pass


async def test_a_start_that_broke_off_after_the_master_key_goes_on(tmp_path: Path) -> None:
    write_durably(tmp_path / MASTER_KEY, "ab" * 32 + "\n")
    keys = await SqliteKeys.open(tmp_path / "keys.db")
    try:
        master, made = await open_master_key(settings_in(tmp_path), keys)
        assert (master.key_id, made) == (MasterKey(bytes.fromhex("ab" * 32)).key_id, False)
        again, made = await open_master_key(settings_in(tmp_path), keys)
        assert (again.key_id, made) == (master.key_id, False)
    finally:
        await keys.close()


async def test_our_own_secrets_are_made_once_and_differ(tmp_path: Path) -> None:
    keys = await SqliteKeys.open(tmp_path / "keys.db")
    master = MasterKey(bytes(32))
    try:
        upload = await secret_of(keys, master, "upload")
        assert await secret_of(keys, master, "upload") == upload
        signing = await callback_keys(keys, master)
        assert signing.secrets[signing.current] != upload
        assert await callback_keys(keys, master) == signing
    finally:
        await keys.close()
