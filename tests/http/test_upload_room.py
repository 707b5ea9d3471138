"""Room for uploads: each tenant has so much, and the disk keeps some for everything else."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stenolog.errors import PayloadTooLarge
from stenolog.free_space import NoRoom
from stenolog.stores.files.upload_room import FILE_BYTES_MIN, UploadRoom
from stenolog.stores.files.uploads import UploadStore
from tests.house.composed import Composed, composed
from tests.house.waiting import until

KB = 1 << 10
QUOTA = 300 * KB
LARGE = b"x" * (200 * KB)


async def upload(service: Composed, content: bytes, key: str = "") -> int:
    headers = {"Authorization": key or service.key}
    answer = await service.client.post("/v2/upload", content=content, headers=headers)
    if answer.status_code == 413:
        assert str(QUOTA) in answer.json()["error"]
        assert "transcripts that use them are deleted" in answer.json()["error"]
    return answer.status_code


async def in_pieces(content: bytes, go_on: asyncio.Event) -> AsyncIterator[bytes]:
    yield content[: len(content) // 2]
    await go_on.wait()
    yield content[len(content) // 2 :]


async def test_a_tenant_holds_so_much_and_another_its_own(tmp_path: Path) -> None:
    async with composed(tmp_path, tenant_upload_bytes=QUOTA) as service:
        other = await service.new_key("another")
        assert await upload(service, LARGE) == 200
        assert await upload(service, LARGE) == 413
        assert await upload(service, LARGE, other) == 200
        assert len(list(service.uploads_directory.iterdir())) == 2
    async with composed(tmp_path, tenant_upload_bytes=QUOTA) as service:
        assert await upload(service, LARGE) == 413, "what was there before the start counts too"
        assert await upload(service, b"x" * (90 * KB)) == 200
        for path in service.uploads_directory.iterdir():
            await service.uploads.discard(path.name)
        assert await upload(service, LARGE) == 200


async def test_what_is_on_its_way_counts_until_it_breaks_off(tmp_path: Path) -> None:
    async with composed(tmp_path, tenant_upload_bytes=QUOTA) as service:
        go_on = asyncio.Event()
        headers = {"Authorization": service.key}
        slow = asyncio.create_task(
            service.client.post(
                "/v2/upload", content=in_pieces(b"x" * (240 * KB), go_on), headers=headers
            )
        )
        await until(lambda: service.uploads.memory.held_bytes >= 120 * KB)
        assert await upload(service, LARGE) == 413
        assert await upload(service, b"x" * (100 * KB)) == 200
        go_on.set()
        assert (await slow).status_code == 413, "its second half is too much now"
        assert await upload(service, LARGE) == 200


async def test_small_files_count_as_what_a_file_costs(tmp_path: Path) -> None:
    async with composed(tmp_path, tenant_upload_bytes=QUOTA) as service:
        fit = QUOTA // FILE_BYTES_MIN
        assert [await upload(service, b"x") for _ in range(fit)] == [200] * fit
        assert await upload(service, b"x" * FILE_BYTES_MIN) == 413


async def pieces(many: int) -> AsyncIterator[bytes]:
    for _ in range(many):
        yield b"x" * (1 << 20)


async def test_a_disk_that_is_nearly_full_takes_callbacks_and_requests_but_no_file(
    tmp_path: Path,
) -> None:
    async with composed(tmp_path) as service:
        service.uploads.room = UploadRoom(service.uploads_directory, reserve_bytes=1 << 62)
        answer = await service.client.post("/v2/upload", content=b"x")
        assert answer.status_code == 507
        assert "nearly full" in answer.json()["error"]
        assert int(answer.headers["Retry-After"]) >= 1
        assert list(service.uploads_directory.iterdir()) == []
        _, registration = await service.submitted()
        assert (await service.call_back(registration)).status_code == 204


async def test_the_disk_is_looked_at_before_and_during_a_file(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        directory = service.uploads_directory
        free = shutil.disk_usage(directory).free
        room = UploadRoom(directory, reserve_bytes=free - (64 << 20))
        store = UploadStore(directory, service.vault, room=room)
        name = "11111111-1111-4111-8111-111111111111"
        with pytest.raises(NoRoom):
            await store.store(name, pieces(1), bytes_max=1 << 40, declared_bytes=1 << 30)
        with pytest.raises(NoRoom):
            await store.store(name, pieces(200), bytes_max=1 << 40)
        assert list(directory.iterdir()) == []
        with pytest.raises(PayloadTooLarge):
            await store.store(name, pieces(2), bytes_max=1 << 20)


async def test_a_damaged_file_counts_as_what_it_has_and_refuses_nobody(tmp_path: Path) -> None:
    (tmp_path / str(uuid.uuid4())).write_bytes(b"STNUPL01")
    room = UploadRoom(tmp_path, tenant_bytes_max=QUOTA, owner_of=_owned, reserve_bytes=0)
    async with room.account("a", 10):
        pass
    with pytest.raises(PayloadTooLarge):
        async with room.account("a", QUOTA - FILE_BYTES_MIN + 1):
            pass


async def test_a_file_that_goes_while_owners_are_read_is_not_counted(tmp_path: Path) -> None:
    upload_id, asked, go_on = str(uuid.uuid4()), asyncio.Event(), asyncio.Event()
    (tmp_path / upload_id).write_bytes(b"STNUPL01" + b"x" * 1_000)

    async def owner_of(_: str) -> str:
        asked.set()
        await go_on.wait()
        return "a"

    async def ask(size: int) -> None:
        async with room.account("a", size):
            pass

    room = UploadRoom(tmp_path, tenant_bytes_max=QUOTA, owner_of=owner_of, reserve_bytes=0)
    asking = asyncio.create_task(ask(1))
    await asked.wait()
    (tmp_path / upload_id).unlink()
    room.released(upload_id)
    go_on.set()
    await asking
    await ask(QUOTA)


async def _owned(_: str) -> str:
    return "a"
