"""A revoked key is refused everywhere, at once, and nobody else's can be revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from tests.house.composed import Composed
from tests.http.test_idempotency import PATHS


def prefix_in(secret: str) -> str:
    return secret.split("_", 1)[1][:8]


async def shown(service: Composed, prefix: str) -> dict[str, Any]:
    items = (await service.client.get("/api/v1/keys?limit=200")).json()["items"]
    found: dict[str, Any] = next(item for item in items if item["prefix"] == prefix)
    return found


async def test_a_revoked_key_is_refused_on_every_surface_and_listed_as_revoked(
    service: Composed,
) -> None:
    secret = await service.new_key()
    headers = {"Authorization": secret}
    for path in PATHS:
        assert (await service.client.get(path, headers=headers)).status_code == 200
    answer = await service.client.delete(f"/api/v1/keys/{prefix_in(secret)}")
    assert answer.status_code == 200
    assert "key" not in answer.json()
    for path in PATHS:
        assert (await service.client.get(path, headers=headers)).status_code == 401
    assert await shown(service, prefix_in(secret)) == answer.json()
    assert answer.json()["revoked_at"]


async def test_a_key_is_revoked_by_its_id_too_and_once(service: Composed) -> None:
    prefix = prefix_in(await service.new_key())
    path = f"/api/v1/keys/{(await shown(service, prefix))['id']}"
    first = (await service.client.delete(path)).json()
    assert (await service.client.delete(path)).json() == first
    assert first["prefix"] == prefix


async def test_another_tenants_key_is_as_one_that_does_not_exist(service: Composed) -> None:
    own, others = await service.new_key("one"), await service.new_key("two")
    headers = {"Authorization": own}
    for key in (prefix_in(others), "nothing_"):
        answer = await service.client.delete(f"/api/v1/keys/{key}", headers=headers)
        assert answer.status_code == 404
        assert answer.json()["detail"] == "There is no such API key"
    assert (await shown(service, prefix_in(others)))["revoked_at"] is None
    assert (
        await service.client.delete(f"/api/v1/keys/{prefix_in(own)}", headers=headers)
    ).status_code == 200


async def test_the_operators_tenant_revokes_all(service: Composed) -> None:
    others = await service.new_key("two")
    answer = await service.client.delete(f"/api/v1/keys/{prefix_in(others)}")
    assert answer.json()["tenant"] == "two"
    headers = {"Authorization": others}
    assert (await service.client.get("/v2/transcript", headers=headers)).status_code == 401


async def test_without_the_scope_no_key_is_revoked(service: Composed) -> None:
    own = await service.new_key("default", "transcripts:read")
    answer = await service.client.delete(
        f"/api/v1/keys/{prefix_in(own)}", headers={"Authorization": own}
    )
    assert answer.status_code == 403


async def test_an_upload_ends_when_its_key_is_revoked(service: Composed) -> None:
    secret, revoked = await service.new_key(), asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        await service.client.delete(f"/api/v1/keys/{prefix_in(secret)}")
        revoked.set()
        yield b"x" * 100_000

    answer = await service.client.post(
        "/v2/upload", content=pieces(), headers={"Authorization": secret}
    )
    assert revoked.is_set()
    assert answer.status_code == 401
    assert await service.recorded() == []
    assert list(service.uploads_directory.iterdir()) == []


async def test_the_last_key_that_manages_keys_is_not_revoked(service: Composed) -> None:
    path = f"/api/v1/keys/{prefix_in(service.key)}"
    await service.new_key("another")
    await service.new_key("default", "transcripts:read")
    answer = await service.client.delete(path)
    assert answer.status_code == 409
    assert "Make another one first" in answer.json()["detail"]
    assert (await shown(service, prefix_in(service.key)))["revoked_at"] is None
    headers = {"Authorization": await service.new_key()}
    assert (await service.client.delete(path, headers=headers)).status_code == 200


async def test_of_two_that_are_revoked_at_the_same_time_one_stays(service: Composed) -> None:
    keys = [service.key, await service.new_key()]
    answers = await asyncio.gather(
        *(
            service.client.delete(
                f"/api/v1/keys/{prefix_in(other)}", headers={"Authorization": own}
            )
            for own, other in zip(keys, reversed(keys), strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
