"""Content codings are undone within the limit, and never beyond it."""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib

import pytest

from stenolog.egress.codings import MEMBERS_MAX, PIECE_BYTES, Decompressor, coding_not_undone
from stenolog.errors import EgressFailed, PayloadTooLarge
from tests.egress.conftest import Open
from tests.egress.scripted import always, answer, serving

DATA = random.Random(1).randbytes(200_000) + bytes(300_000)
RAW = zlib.compressobj(wbits=-15)
RAW_DATA = RAW.compress(DATA) + RAW.flush()
MAX = len(DATA)
NINE_MIB = gzip.compress(bytes(9 << 20))
EMPTY = gzip.compress(b"")


async def read(opened: Open, body: bytes, coding: str, bytes_max: int = MAX) -> bytes:
    async with (
        serving(always(answer(body=body, Content_Encoding=coding))) as server,
        opened().stream("GET", server.url, timeout_ms=5_000) as given,
    ):
        pieces = [piece async for piece in given.decoded_chunks(bytes_max)]
    assert all(pieces)
    return b"".join(pieces)


RIGHT = {
    "one member": ("gzip", gzip.compress(DATA)),
    "its old name": ("x-gzip", gzip.compress(DATA)),
    "capitals": ("GZIP", gzip.compress(DATA)),
    "two members": ("gzip", gzip.compress(DATA[:1000]) + gzip.compress(DATA[1000:])),
    "padding": ("gzip", gzip.compress(DATA) + bytes(512)),
    "deflate": ("deflate", zlib.compress(DATA)),
    "deflate without a frame": ("deflate", RAW_DATA),
    "two codings": ("deflate, gzip", gzip.compress(zlib.compress(DATA))),
    "identity": ("identity", DATA),
    "empty": ("", DATA),
    "a character set": ("utf-8", DATA),
    "what S3 sometimes keeps": ("aws-chunked", DATA),
}
WRONG = {
    "not gzip": ("gzip", DATA),
    "cut off": ("gzip", gzip.compress(DATA)[:-9]),
    "wrong sum": ("gzip", gzip.compress(DATA)[:-4] + b"xxxx"),
    "deflate cut off": ("deflate", zlib.compress(DATA)[:-1]),
    "not deflate": ("deflate", DATA),
    "members without end": ("gzip", EMPTY * (MEMBERS_MAX + 1)),
    "inner members without end": ("gzip, gzip", gzip.compress(EMPTY * (MEMBERS_MAX + 1))),
    "too many": ("gzip, gzip, gzip", gzip.compress(DATA)),
}


@pytest.mark.parametrize("what", RIGHT)
async def test_what_was_coded_is_undone(opened: Open, what: str) -> None:
    coding, body = RIGHT[what]
    assert await read(opened, body, coding) == DATA


@pytest.mark.parametrize("what", WRONG)
async def test_what_is_not_coded_as_it_says_is_no_answer(opened: Open, what: str) -> None:
    coding, body = WRONG[what]
    with pytest.raises(EgressFailed):
        await read(opened, body, coding)


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
async def test_a_bomb_is_refused_at_the_limit(opened: Open, coding: str) -> None:
    bomb = gzip.compress(bytes(200 << 20))
    body = gzip.compress(bomb) if "," in coding else bomb
    assert len(body) < 1 << 20
    with pytest.raises(PayloadTooLarge):
        await read(opened, body, coding, bytes_max=1 << 20)


async def test_what_is_coded_twice_is_refused_at_the_limit_though_little_comes_out(
    opened: Open,
) -> None:
    """A gzip header names a file: as much as it likes, and nothing of it is content."""
    named = EMPTY[:3] + b"\x08" + EMPTY[4:10] + b"a" * (4 << 20) + b"\0" + EMPTY[10:]
    with pytest.raises(PayloadTooLarge):
        await read(opened, gzip.compress(named), "gzip, gzip", bytes_max=1 << 20)


async def test_what_stands_for_much_and_brings_nothing_lets_others_have_their_turn(
    opened: Open,
) -> None:
    """Twenty kilobytes, twenty megabytes between the stages, and not one byte of content."""
    named = EMPTY[:3] + b"\x08" + EMPTY[4:10] + b"a" * (20 << 20) + b"\0" + EMPTY[10:]
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    body = gzip.compress(named)
    counting = asyncio.create_task(count())
    assert await read(opened, body, "gzip, gzip", bytes_max=len(named)) == b""
    counting.cancel()
    assert turns > len(named) // PIECE_BYTES


def test_no_piece_is_larger_than_said_however_much_it_stands_for() -> None:
    pieces = [len(piece) for piece in Decompressor("gzip", 9 << 20).pieces(NINE_MIB)]
    assert max(pieces) <= PIECE_BYTES
    assert sum(pieces) == 9 << 20


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_body_may_come_in_any_pieces(size: int) -> None:
    for coding, body in (("gzip", gzip.compress(DATA)), ("deflate", RAW_DATA)):
        stage, got = Decompressor(coding, MAX), bytearray()
        for start in range(0, len(body), size):
            for piece in stage.pieces(body[start : start + size]):
                got += piece
        stage.end()
        assert got == DATA


@pytest.mark.parametrize("coding", ["br", "gzip, zstd", "Compress"])
def test_a_compression_that_nobody_asked_for_is_named(coding: str) -> None:
    assert str(coding_not_undone(coding)) in coding.lower()
    assert coding_not_undone("gzip, deflate, identity, utf-8") is None
