"""Secrets and API keys are rotated while everything is served, and nothing is lost by it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from stenolog.bootstrap.identity import CALLBACK
from stenolog.compliance.data_keys import key_id_of
from stenolog.errors import CannotStart
from stenolog.stores.files.directory import read_api_key
from stenolog.stores.files.key_files import (
    make_next_master_key,
    read_master_key,
    read_next_master_key,
)
from tests.house.composed import Composed, composed
from tests.http.asking import get, refusal
from tests.http.spoken import BASE, completed

SECRETS, KEYS = "/api/v1/secrets", "/api/v1/keys"


async def rotated(service: Composed, name: str) -> dict[str, object]:
    answer = await service.client.post(f"{SECRETS}/{name}/rotate")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_what_was_registered_before_is_taken_under_the_new_callback_key(
    service: Composed,
) -> None:
    _, before = await service.submitted()
    assert (await rotated(service, CALLBACK))["current"] == "2"
    _, after = await service.submitted()
    assert (before.kid, after.kid) == (1, 2)
    for registration in (before, after):
        assert (await service.call_back(registration)).status_code == 204


async def test_the_master_key_is_rotated_under_load(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        texts = {await completed(service, {}, text=f"said {n}"): f"said {n}" for n in range(20)}
        old, head = read_master_key(tmp_path), await service.events.head()
        await rotated(service, "master")
        assert read_next_master_key(tmp_path) is not None
        rewrapping = asyncio.create_task(service.edge.rotation.rewrapping.finish())
        during = await completed(service, {}, text="said meanwhile")
        assert await rewrapping >= len(texts)
        texts[during] = "said meanwhile"
        assert read_next_master_key(tmp_path) is None
        new = read_master_key(tmp_path)
        assert new not in (None, old)
        assert await service.events.head() > head, "only what was asked for meanwhile"
        for one, text in texts.items():
            assert (await get(service, f"{BASE}/{one}"))["text"] == text
        assert (await get(service, SECRETS))["items"][1]["kept"] == 1
        box = await service.keys.data_key_of(f"transcription-{during}")
        assert box is not None
        assert box.box[1:9] == service.stores.master.key_id
    async with composed(tmp_path) as service:
        await service.projector.rebuild("all")
        await service.projected()
        for one, text in texts.items():
            assert (await get(service, f"{BASE}/{one}"))["text"] == text
    assert old is not None
    with pytest.raises(CannotStart, match="not the one of this data directory"):
        async with composed(tmp_path, master_key=SecretStr(old.hex())):
            pass


async def test_a_start_goes_on_with_a_rotation(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        one = await completed(service, {}, text="said")
        await rotated(service, "master")
        two = await completed(service, {}, text="said")
        assert (await get(service, SECRETS))["items"][1]["kept"] == 2
    async with composed(tmp_path) as service:
        assert (await get(service, f"{BASE}/{one}"))["text"] == "said"
        await service.edge.rotation.rewrapping.finish()
        assert read_next_master_key(tmp_path) is None
        for each in (one, two):
            assert (await get(service, f"{BASE}/{each}"))["text"] == "said"


async def test_what_is_wrapped_anew_twice_lets_no_key_go_that_wraps_something(
    tmp_path: Path,
) -> None:
    async with composed(tmp_path) as service:
        one = await completed(service, {}, text="said")
        await rotated(service, "master")
        await rotated(service, "master")  # both are told of the same key
        rewrapping = service.edge.rotation.rewrapping
        assert await rewrapping.finish() > 0
        in_use = read_master_key(tmp_path)
        made = make_next_master_key(tmp_path)  # as by a rotation that was cut off behind it
        assert await rewrapping.finish() == 0
        assert (read_master_key(tmp_path), read_next_master_key(tmp_path)) == (in_use, made)
        await rotated(service, "master")
        assert service.stores.master.key_id == key_id_of(made)
        assert read_master_key(tmp_path) == in_use
    async with composed(tmp_path) as service:
        assert await service.edge.rotation.rewrapping.finish() > 0
        assert read_master_key(tmp_path) == made
        assert (await get(service, f"{BASE}/{one}"))["text"] == "said"


async def test_a_master_key_from_elsewhere_is_rotated_there(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("aa" * 32)
    second.write_text("bb" * 32)
    data = tmp_path / "data"
    async with composed(data, master_key_file=first) as service:
        one = await completed(service, {}, text="said")
        problem = await refusal(service, "POST", f"{SECRETS}/master/rotate")
        assert problem["status"] == 400
        assert "STENOLOG_MASTER_KEY_PREVIOUS" in problem["detail"]
    previous = SecretStr("aa" * 32)
    command = f"cat '{second}'"
    async with composed(data, master_key_command=command, master_key_previous=previous) as service:
        await service.edge.rotation.rewrapping.finish()
    async with composed(data, master_key_file=second) as service:
        assert (await get(service, f"{BASE}/{one}"))["text"] == "said"
        assert not (data / "master-key").exists()


@pytest.mark.parametrize("command", ["false", "echo no key", "/no/such/program", "echo 'x"])
async def test_a_command_that_prints_no_key_is_told(tmp_path: Path, command: str) -> None:
    with pytest.raises(CannotStart, match="STENOLOG_MASTER_KEY_COMMAND"):
        async with composed(tmp_path, master_key_command=command):
            pass


async def test_an_api_key_is_replaced_by_one_that_may_do_the_same(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        prefix = service.key.split("_", 1)[1][:8]
        kept = await service.client.post(f"{KEYS}/{prefix}/rotate", json={"keep": True})
        assert kept.status_code == 201
        assert (await service.client.get(KEYS)).status_code == 200
        answer = await service.client.post(f"{KEYS}/{prefix}/rotate")
        made = answer.json()
        assert (made["scopes"], made["name"]) == (["all"], "first")
        assert read_api_key(tmp_path) == made["key"]
        assert (await service.client.get(KEYS)).status_code == 401
        headers = {"Authorization": made["key"]}
        again = await refusal(service, "POST", f"{KEYS}/{prefix}/rotate", headers=headers)
        assert again["status"] == 400


async def test_nobody_gets_more_by_a_rotation(service: Composed) -> None:
    first = service.key.split("_", 1)[1][:8]
    managing = {"Authorization": await service.new_key("default", "keys:write")}
    problem = await refusal(service, "POST", f"{KEYS}/{first}/rotate", headers=managing)
    assert problem["status"] == 403
    other = {"Authorization": await service.new_key("other")}
    assert (await refusal(service, "POST", f"{KEYS}/{first}/rotate", headers=other))[
        "status"
    ] == 404
    for path in (f"{SECRETS}/master/rotate", f"{SECRETS}/callback/rotate"):
        assert (await refusal(service, "POST", path, headers=other))["status"] == 403
    assert (await refusal(service, "POST", f"{SECRETS}/other/rotate"))["status"] == 404
