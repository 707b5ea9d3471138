"""`stenolog keys`, with a running service and by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.keys import command
from service.stores.sqlite.keys import SqliteKeys
from tests.http.composed import composed

NOBODY = "http://127.0.0.1:1"


def stenolog(data_dir: Path, *words: str, url: str = NOBODY, key: str = "") -> Result:
    environment = {"STENOLOG_DATA_DIR": str(data_dir), "STENOLOG_URL": url, "STENOLOG_API_KEY": key}
    return CliRunner().invoke(command, list(words), env=environment)


def prefix_in(secret: str) -> str:
    return secret.strip().split("_", 1)[1][:8]


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A data directory whose service does not run."""

    async def make() -> None:
        await (await SqliteKeys.open(tmp_path / "keys.db")).close()

    asyncio.run(make())
    return tmp_path


def test_keys_are_made_listed_and_revoked_while_the_service_is_stopped(stopped: Path) -> None:
    made = stenolog(stopped, "create", "--name", "ci")
    assert made.exit_code == 0, made.output
    prefix = prefix_in(made.output.splitlines()[-1])
    assert "revoked" not in stenolog(stopped, "list").output
    revoked = stenolog(stopped, "revoke", prefix)
    assert (revoked.exit_code, revoked.output.split()[:2]) == (0, [prefix, "revoked"])
    (line,) = stenolog(stopped, "list").output.splitlines()
    assert line.startswith(prefix)
    assert "  revoked 20" in line


@pytest.mark.parametrize("prefix", ["AAAAAAAA", "-AAAAAAA"])
def test_a_key_that_does_not_exist_is_said_to_be_none(stopped: Path, prefix: str) -> None:
    answer = stenolog(stopped, "revoke", prefix)
    assert answer.exit_code == 1
    assert f"no API key {prefix}" in answer.output


async def test_a_running_service_revokes_at_once(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        secret = await service.new_key()

        async def keys(*words: str) -> Result:
            return await asyncio.to_thread(
                stenolog, tmp_path / "elsewhere", *words, url=service.url, key=service.key
            )

        assert (await keys("revoke", prefix_in(secret))).exit_code == 0
        answer = await service.client.get("/v2/transcript", headers={"Authorization": secret})
        assert answer.status_code == 401
        listed = (await keys("list")).output
        assert [prefix_in(secret) in line for line in listed.splitlines() if "revoked" in line] == [
            True
        ]
        assert (await keys("revoke", "nothing_")).exit_code == 1
