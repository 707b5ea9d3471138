"""A recording is put into the page whole, however it is read, and only what a browser plays."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest

from stenolog.edge.report.player import BEGINNINGS, media_type_of, player_of

CONTENT = b"fLaC" + bytes(range(97))


async def pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


@pytest.mark.parametrize("size", [4, 5, 6, 7, 1_000])
def test_its_base64_is_the_same_however_it_is_cut(size: int) -> None:
    made = asyncio.run(player_of(pieces(CONTENT, size)))
    begin = b'<div class="player"><audio controls preload="metadata" src="data:audio/flac;base64,'
    assert made == begin + base64.b64encode(CONTENT) + b'"></audio></div>'


def test_what_no_browser_plays_has_no_player() -> None:
    for content in (b"", b"<html>", b"RIFF    AVI "):
        assert asyncio.run(player_of(pieces(content, 1_000))) == b""


def test_every_beginning_is_known() -> None:
    for at, mark, kind in BEGINNINGS:
        assert media_type_of(bytes(at) + mark) == kind
