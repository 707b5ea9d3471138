"""A server may be slow, but not without end: head, pieces and the frames between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.host.fetching import FETCH_LIMITS, FetchLimits, fetch
from stenolog.engine.host.scratch import Scratch
from stenolog.wire.assemblyai.sentences import download_failed
from tests.engine.drips import Drip, dripping

HASTY = FetchLimits(head_ms=400, pace_ms=400, pace_bytes=1_000)
SECONDS_MAX = 5.0  # far over what `HASTY` allows, far under what the idle limit does
OK = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "head": Drip(head=OK, piece=b"X-Y: z\r\n", pause_seconds=0.05),
    "body": Drip(head=OK + b"Content-Length: 9000000\r\n\r\n", piece=b"a"),
    "frames": Drip(head=OK + b"Transfer-Encoding: chunked\r\n\r\n9;", piece=b"a"),
    "nothing": Drip(head=OK + b"Content-Length: 9\r\n\r\n", piece=b""),
}


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    opened = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]))
    yield opened
    await opened.aclose()


@pytest.mark.parametrize("what", DRIPS)
async def test_what_drips_is_broken_off_and_leaves_nothing(
    egress: Egress, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "scratch"
    scratch = Scratch(folder)
    with (
        dripping(DRIPS[what]) as drip,
        anyio.fail_after(SECONDS_MAX),
        pytest.raises(AudioRefused) as refused,
    ):
        await fetch(drip.url, egress=egress, scratch=scratch, bytes_max=10**9, limits=HASTY)
    assert str(refused.value) == download_failed(drip.url)
    assert list(folder.iterdir()) == []


async def test_a_slow_server_that_keeps_the_pace_is_waited_for(
    egress: Egress, tmp_path: Path
) -> None:
    steady = Drip(
        head=OK + b"Content-Length: 12000\r\n\r\n", piece=b"a" * 600, pause_seconds=0.05, pieces=20
    )
    with dripping(steady) as drip:
        path = await fetch(
            drip.url, egress=egress, scratch=Scratch(tmp_path / "s"), bytes_max=12_000, limits=HASTY
        )
    assert path.read_bytes() == b"a" * 12_000


def test_the_pace_lets_the_slowest_codec_through() -> None:
    bits_per_second = FETCH_LIMITS.pace_bytes * 8 / (FETCH_LIMITS.pace_ms / 1000)
    assert bits_per_second < 6_000  # Opus at its lowest
