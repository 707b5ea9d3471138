"""Answers in crumbs: they cost those who ask for them, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stenolog.egress.small_reads import READ_BYTES_MAX
from stenolog.egress.streamed import PIECES_PER_TURN, PIECES_TINY_MAX
from stenolog.errors import EgressFailed
from tests.egress.conftest import Open
from tests.egress.scripted import always, answer, serving

CHUNK = b"1\r\na\r\n"
END = b"0\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


@asynccontextmanager
async def turns() -> AsyncIterator[list[int]]:
    """Counts the turns that others have in the meantime."""
    counted = [0]

    async def count() -> None:
        while True:
            counted[0] += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(count())
    try:
        yield counted
    finally:
        task.cancel()


def in_chunks(count: int) -> bytes:
    return answer(body=CHUNK * count + END, Transfer_Encoding="chunked")


async def test_others_have_their_turn_between_chunks_of_a_byte(opened: Open) -> None:
    count = PIECES_TINY_MAX // 2
    async with serving(always(in_chunks(count))) as server, turns() as counted:
        client = opened()
        found = await client.request(
            "GET", server.url, timeout_ms=10_000, answer_bytes_max=1_000_000
        )
    assert found.body == b"a" * count
    assert counted[0] > count / PIECES_PER_TURN


async def test_a_body_of_nothing_but_crumbs_is_refused(opened: Open) -> None:
    async with serving(always(in_chunks(2 * PIECES_TINY_MAX))) as server:
        client = opened()
        with pytest.raises(EgressFailed, match="too small"):
            await client.request("GET", server.url, timeout_ms=10_000, answer_bytes_max=1_000_000)


async def test_others_have_their_turn_between_interim_answers(opened: Open) -> None:
    flood = INTERIM * 8_000
    async with serving(always(flood + answer(body=b"a"))) as server, turns() as counted:
        client = opened()
        found = await client.request(
            "GET", server.url, timeout_ms=20_000, answer_bytes_max=1_000_000
        )
    assert found.body == b"a"
    assert counted[0] > len(flood) / READ_BYTES_MAX
