"""`stenolog keys`, with a running service and by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner, Result

from stenolog.cli.keys import KEYS_PER_PAGE, command
from stenolog.commands.api_keys import new_secret
from stenolog.commands.key_ring import KeyRing
from stenolog.log.actors import OPERATOR
from stenolog.log.recorder import FactRecorder, NoSealer
from tests.data_files import log_and_keys
from tests.house.composed import composed

NOBODY = "http://127.0.0.1:1"


def stenolog(
    data_dir: Path,
    *words: str,
    url: str = NOBODY,
    key: str = "",
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Result:
    told = {"STENOLOG_DATA_DIR": str(data_dir), "STENOLOG_URL": url, "STENOLOG_API_KEY": key}
    return CliRunner().invoke(command, list(words), env={**told, **environment})


def prefix_in(secret: str) -> str:
    return secret.strip().split("_", 1)[1][:8]


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A data directory whose service does not run."""

    async def make() -> None:
        async with log_and_keys(tmp_path):
            pass

    asyncio.run(make())
    return tmp_path


def test_keys_are_made_listed_and_revoked_while_the_service_is_stopped(stopped: Path) -> None:
    made = stenolog(stopped, "create", "--name", "ci")
    assert made.exit_code == 0, made.output
    prefix = prefix_in(made.output.splitlines()[-1])
    assert "revoked" not in stenolog(stopped, "list").output
    revoked = stenolog(stopped, "revoke", prefix)
    assert (revoked.exit_code, revoked.output.split()[:2]) == (0, [prefix, "revoked"])
    head, line, *below = stenolog(stopped, "list").output.splitlines()
    assert head.split() == ["prefix", "tenant", "made", "(UTC)", "state", "name"]
    assert line.startswith(prefix)
    assert "  revoked 20" in line
    assert [one.split()[0] for one in below] == ["id", "scopes"]


@pytest.mark.parametrize("key", ["AAAAAAAA", "-AAAAAAA", new_secret(bytes(38))])
def test_a_key_that_does_not_exist_is_said_to_be_none(stopped: Path, key: str) -> None:
    answer = stenolog(stopped, "revoke", key)
    assert answer.exit_code == 1
    assert "no such API key" in answer.output
    assert key not in answer.output, "it may be a key, however misspelt"


def test_a_whole_key_can_be_named_to_revoke_it(stopped: Path) -> None:
    secret = stenolog(stopped, "create", "--name", "leaked").output.splitlines()[-1]
    revoked = stenolog(stopped, "revoke", secret)
    assert (revoked.exit_code, revoked.output.split()[0]) == (0, prefix_in(secret))
    assert secret not in revoked.output


def test_the_last_key_that_manages_keys_stays(stopped: Path) -> None:
    words = ("create", "--name", "x", "--scopes", "keys:write")
    first, second = (prefix_in(stenolog(stopped, *words).output.splitlines()[-1]) for _ in "12")
    assert stenolog(stopped, "revoke", first).exit_code == 0
    refused = stenolog(stopped, "revoke", second)
    assert refused.exit_code == 1
    assert "Make another one first" in refused.stderr


def test_pages_of_keys_are_listed_as_one(stopped: Path) -> None:
    async def make() -> None:
        async with log_and_keys(stopped) as (log, keys):
            ring = KeyRing(keys, log, FactRecorder(log, NoSealer()))
            for number in range(KEYS_PER_PAGE + 1):
                await ring.create(actor=OPERATOR, tenant="acme", name=f"key-{number}", scopes=())

    asyncio.run(make())
    shown = stenolog(stopped, "list").output.splitlines()
    names = [line.split()[-1] for line in shown if " acme " in line]
    assert sorted(names) == sorted(f"key-{n}" for n in range(KEYS_PER_PAGE + 1))


def test_regions_are_set_and_shown(stopped: Path) -> None:
    offering = {
        "STENOLOG_ASSEMBLYAI_API_KEY": "x",
        "STENOLOG_ASSEMBLYAI_REGION": "us",
    }
    words = ("create", "--name", "x", "--tenant", "acme", "--region", "us", "--tenant-region", "eu")
    made = stenolog(stopped, *words, environment=offering)
    assert made.exit_code == 0, made.output
    assert "region us, tenant region eu" in made.output
    assert "  region us, tenant region eu" in stenolog(stopped, "list").output
    refused = stenolog(stopped, *words)
    assert refused.exit_code == 1
    assert "no provider here has regions" in refused.stderr
    assert stenolog(stopped, "create", "--name", "x", "--region", "mars").exit_code == 2


def test_a_service_elsewhere_is_not_replaced_by_the_directory_here(stopped: Path) -> None:
    """Nothing answers there: a name that does not exist."""
    for words in (("create", "--name", "x"), ("list",), ("revoke", "AAAAAAAA")):
        answer = stenolog(stopped, *words, url="http://stenolog.invalid:8080")
        assert answer.exit_code == 4, answer.output
    assert stenolog(stopped, "list").stdout == ""


def test_a_stopped_directorys_key_is_shown_to_nobody_at_the_default_address(stopped: Path) -> None:
    """Without a named service the directory is worked on, whoever listens at port 8080."""
    answer = stenolog(stopped, "create", "--name", "x", url="")
    assert answer.exit_code == 0
    assert prefix_in(answer.output.splitlines()[-1]) in stenolog(stopped, "list").output


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


def test_who_transcribes_is_said_of_a_key_and_of_a_tenant(stopped: Path) -> None:
    keys = {"STENOLOG_ASSEMBLYAI_API_KEY": "k", "STENOLOG_AIMLAPI_API_KEY": "k"}
    words = ["create", "--name", "ci", "--provider", "aimlapi"]
    words += ["--tenant-providers", "assemblyai, aimlapi"]
    made = stenolog(stopped, *words, environment=keys)
    assert made.exit_code == 0, made.output
    assert "provider aimlapi, tenant providers assemblyai,aimlapi; keep it" in made.output
    listed = stenolog(stopped, "list").output
    assert "provider aimlapi, tenant providers assemblyai,aimlapi" in listed
    refused = stenolog(stopped, *words)
    assert refused.exit_code == 1
    assert "provider must be one of" in refused.output, "neither key is set"
    twice = stenolog(stopped, *words[:3], "--tenant-providers", "aimlapi,aimlapi", environment=keys)
    assert "tenant_providers must name each provider once" in twice.output
