"""Bodies that come slowly: at less than 1 KiB a second for a minute they are 408."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import monotonic

import pytest
from starlette.requests import Request
from starlette.types import Message

from stenolog.arrivals import Arrivals
from stenolog.edge.http.bodies import PACE_BYTES_MIN, BodyTooSlow, streamed
from stenolog.edge.http.problems import as_problem, as_wire_error, failure_of
from stenolog.errors import StoreUnavailable
from tests.house.waiting import until

DEADLINE_S = 10
PATIENCE_MS = 200


def request(pieces: Sequence[bytes], every_s: float) -> Request:
    """A request whose body comes in these pieces, and then not at all."""
    left = list(pieces)

    async def receive() -> Message:
        await asyncio.sleep(every_s if left else DEADLINE_S)
        return {"type": "http.request", "body": left.pop(0), "more_body": True}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def read(asked: Request) -> tuple[int, float]:
    """How many bytes came until it was too slow, and after how many seconds that was."""
    began, size = monotonic(), 0
    try:
        async for piece in streamed(asked, bytes_max=1 << 30, chunk_ms_max=PATIENCE_MS):
            size += len(piece)
    except BodyTooSlow:
        return size, monotonic() - began
    raise AssertionError("it came to its end")


async def test_a_byte_now_and_then_does_not_keep_an_upload_open() -> None:
    size, took_s = await read(request([b"x"] * 1_000, 0.02))
    assert size < 20
    assert took_s < DEADLINE_S / 2


async def test_an_upload_at_the_least_pace_may_take_as_long_as_it_likes() -> None:
    every_s = 0.02
    piece = bytes(int(3 * every_s * PACE_BYTES_MIN))  # a loaded machine is late
    pieces = [piece] * 40  # four times what patience there is
    size, took_s = await read(request(pieces, every_s))
    assert size == len(pieces) * len(piece)
    assert took_s > len(pieces) * every_s


async def test_time_in_which_nobody_waited_for_the_sender_does_not_count() -> None:
    asked = request([b"x"] * 3, 0.0)
    chunks = streamed(asked, bytes_max=10, chunk_ms_max=PATIENCE_MS)
    for _ in range(3):
        assert await anext(chunks) == b"x"
        await asyncio.sleep(PATIENCE_MS / 1000)


def test_too_slow_is_408_and_closes_the_connection() -> None:
    failure = failure_of(BodyTooSlow("the body came too slowly"))
    for form in (as_problem, as_wire_error):
        answer = form(failure, "id")
        assert (answer.status_code, answer.headers["connection"]) == (408, "close")


class Sender:
    """An upload's body; `send` gives the next piece, and None ends it."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    def send(self, *pieces: bytes | None) -> None:
        for piece in pieces:
            self._pieces.put_nowait(piece)

    async def chunks(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece


async def hold(memory: Arrivals, sender: Sender) -> int:
    """Take what is sent and write nothing of it; the size in bytes."""
    size = 0
    async with memory.place() as place:
        async for chunk in place.chunks(sender.chunks()):
            size += len(chunk)
    return size


@pytest.mark.parametrize("by", ["bytes", "count"])
async def test_where_uploads_crowd_the_slowest_sender_yields(by: str) -> None:
    memory = Arrivals(
        bytes_max=100_000, bodies_max=2 if by == "count" else 9, crowded_ms=50, young_ms=50
    )
    slow, fast, third = Sender(), Sender(), Sender()
    uploads = [asyncio.create_task(hold(memory, sender)) for sender in (slow, fast)]
    slow.send(b"x" * 10)
    fast.send(b"x" * 90_000)
    await until(lambda: memory.held_bytes == 90_010)
    last = asyncio.create_task(hold(memory, third))
    third.send(b"x" * 9_999, None)
    with pytest.raises(StoreUnavailable, match="slowest"):
        await uploads[0]
    fast.send(None)
    async with asyncio.timeout(DEADLINE_S):
        assert (await uploads[1], await last) == (90_000, 9_999)
    assert memory.held_bytes == 0


async def test_all_who_wait_get_a_place_though_the_same_one_is_slowest_for_them() -> None:
    memory = Arrivals(crowded_ms=50, young_ms=50)
    slow = [Sender() for _ in range(128)]
    uploads = [asyncio.create_task(hold(memory, sender)) for sender in slow]
    for sender in slow:
        sender.send(b"x")
    await until(lambda: memory.held_bytes == 128)
    honest: list[asyncio.Task[int]] = []
    began = monotonic()
    while monotonic() < began + 0.2:  # a loop so busy that they lose patience in turns of their own
        makes = len(honest) < 6
        if makes:
            sender = Sender()
            sender.send(b"x" * 1_000, None)
            honest.append(asyncio.create_task(hold(memory, sender)))
        turn = monotonic()
        while monotonic() < turn + (0.001 if makes else 0.002):
            pass
        await asyncio.sleep(0)
    async with asyncio.timeout(DEADLINE_S):
        assert await asyncio.gather(*honest) == [1_000] * 6
    for upload in uploads:
        upload.cancel()
    ends = await asyncio.gather(*uploads, return_exceptions=True)
    assert {type(end) for end in ends} == {StoreUnavailable, asyncio.CancelledError}
    assert memory.held_bytes == 0


async def test_whoever_has_waited_longest_is_next_and_others_do_not_put_it_off() -> None:
    memory = Arrivals(bodies_max=1, crowded_ms=50, young_ms=50)
    order: list[str] = []

    async def upload(name: str, *pieces: bytes | None) -> None:
        sender = Sender()
        sender.send(*pieces)
        await hold(memory, sender)
        order.append(name)

    slow = asyncio.create_task(upload("slow", b"x"))
    await until(lambda: memory.held_bytes == 1)
    first = asyncio.create_task(upload("first", b"x", None))
    await asyncio.sleep(0)
    later = [asyncio.create_task(upload("later", b"x", None)) for _ in range(5)]
    async with asyncio.timeout(DEADLINE_S):
        while not order:  # what becomes free elsewhere is no reason to begin to wait anew
            memory.change(0)
            await asyncio.sleep(0)
        await asyncio.gather(first, *later)
    assert order == ["first", *["later"] * 5]
    with pytest.raises(StoreUnavailable, match="slowest"):
        await slow


async def test_uploads_that_all_wait_for_room_do_not_wait_for_ever() -> None:
    memory = Arrivals(bytes_max=100_000, crowded_ms=50, young_ms=50)
    senders = [Sender() for _ in range(4)]
    uploads = [asyncio.create_task(hold(memory, sender)) for sender in senders]
    for sender in senders:
        sender.send(b"x" * 30_000)
    await until(lambda: memory.held_bytes == 90_000)  # the fourth waits
    for sender in senders:
        sender.send(b"x" * 30_000, None)
    async with asyncio.timeout(DEADLINE_S):
        assert await asyncio.gather(*uploads) == [60_000] * 4
    assert memory.held_bytes == 0


async def test_what_is_held_stays_near_the_limit() -> None:
    memory = Arrivals(bytes_max=100_000, crowded_ms=50, young_ms=50)
    most = 0

    async def upload(pieces: int) -> None:
        nonlocal most
        sender = Sender()
        sender.send(*[b"x" * 10_000] * pieces, None)
        async with memory.place() as place:
            gathered = 0
            async for chunk in place.chunks(sender.chunks()):
                most = max(most, memory.held_bytes)
                gathered += len(chunk)
                if gathered >= 40_000:
                    await asyncio.sleep(0)
                    place.written(gathered)
                    gathered = 0

    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(*(upload(30) for _ in range(20)))
    assert most <= 100_000 + 40_000
    assert memory.held_bytes == 0
