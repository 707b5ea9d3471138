"""A client's file may be a pipe, and may change while it is sent."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from stenolog.cli.client import ServiceClient
from stenolog.cli.recordings import CHUNK_BYTES, Recording
from stenolog.config.settings import Settings
from stenolog.errors import InvalidRequest
from tests.house.composed import Composed, composed
from tests.house.waiting import until

SIZE = 3 * CHUNK_BYTES


def client_of(service: Composed) -> ServiceClient:
    return ServiceClient(Settings(url=service.url, api_key=SecretStr(service.key)))


async def stored_bytes(service: Composed) -> int:
    """How long the only stored upload is."""
    (stored,) = service.uploads_directory.iterdir()
    opened = await service.uploads.open(stored.name)
    assert opened is not None
    return opened[0]


async def test_what_comes_out_of_a_pipe_is_sent_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with composed(tmp_path / "data") as service, client_of(service) as client:
        writing = asyncio.create_task(asyncio.to_thread(pipe.write_bytes, b"x" * SIZE))
        assert (await client.upload(Recording(str(pipe)))).startswith("https://")
        await writing
        assert await stored_bytes(service) == SIZE


async def test_of_a_file_that_changes_what_was_announced_is_sent_or_an_error(
    tmp_path: Path,
) -> None:
    file = tmp_path / "file"
    async with composed(tmp_path / "data") as service, client_of(service) as client:
        file.write_bytes(b"x" * SIZE)
        uploading = asyncio.create_task(client.upload(Recording(str(file))))
        with file.open("ab") as growing:
            while not uploading.done():
                growing.write(b"y" * 1_000)
                growing.flush()
                await asyncio.sleep(0.001)
        await uploading
        assert await stored_bytes(service) >= SIZE
    short = tmp_path / "short"
    short.touch()
    os.truncate(short, 800 * CHUNK_BYTES)
    async with composed(tmp_path / "other") as service, client_of(service) as client:
        uploading = asyncio.create_task(client.upload(Recording(str(short))))
        await until(lambda: any(service.uploads_directory.iterdir()))
        os.truncate(short, 1)
        with pytest.raises(InvalidRequest, match="shorter"):
            await uploading
