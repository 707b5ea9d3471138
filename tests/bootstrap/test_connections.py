"""Everything that waits for the other side of a connection has a time and a size."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import Callable, Coroutine
from time import monotonic

import pytest
from starlette.requests import Request

from stenolog.bootstrap.http.answer_room import AnswerRoom
from stenolog.bootstrap.http.figures import Figures
from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.http.outgoing import Outgoing
from tests.bootstrap.raw_clients import DEADLINE_S, GET, as_json, connected, serving
from tests.house.waiting import until

HASTY = Limits(look_ms=20, unread_ms_max=300, discard_ms_max=300, idle_ms_max=300)
LARGE = b"GET /large?bytes=%d HTTP/1.1\r\nHost: here\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


async def never(condition: Callable[[], bool], seconds: float = 0.2) -> None:
    """It does not hold for a while."""
    ends = monotonic() + seconds
    while monotonic() < ends:
        assert not condition()
        await asyncio.sleep(0.01)


async def test_pipelined_requests_are_answered_in_order() -> None:
    count = 2_000
    async with connected() as (served, client):
        for number in range(count):
            client.send(b"POST /%d HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nab" % number)
        for number in range(count):
            status, body = await client.whole_answer()
            assert (status, json.loads(body)["url"]) == (200, f"/{number}")
        assert served.requests == count


async def test_no_request_is_read_while_the_answer_before_it_is_under_way() -> None:
    async with connected() as (served, client):
        client.send(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n" + GET * 10_000)
        await served.asked.wait()
        limit = served.server.connections.limits.ahead_bytes_max
        await until(lambda: served.figures.ahead_bytes > 0)
        await never(lambda: served.requests > 1 or served.figures.ahead_bytes > limit)
        assert len(served.server.server_state.tasks) == 1


async def test_no_request_is_read_while_the_answer_before_it_is_not_taken() -> None:
    async with serving() as served:
        client = await served.client(receives_bytes=4_096)
        client.stop_reading()
        client.send(LARGE % 20_000_000 + GET * 1_000)
        await until(lambda: served.figures.answers_bytes > 0)
        await never(lambda: served.requests > 0)
        await client.close()


async def test_a_request_is_not_begun_while_a_small_answer_before_it_is_not_taken() -> None:
    async with serving() as served:
        client = await served.client(receives_bytes=4_096)
        client.stop_reading()
        client.send(LARGE % 60_000 * 1_000)
        await until(lambda: served.figures.answers_bytes > 0 and served.figures.ahead_bytes > 0)
        before = -1
        while before != served.large_answers:  # the sockets take some
            before = served.large_answers
            await asyncio.sleep(0.2)
        assert not served.server.server_state.tasks
        await client.close()


class Sending(asyncio.Protocol):
    """Has an `Outgoing`, and tells it what the transport tells."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.out = Outgoing(transport, Limits(), lambda before, after: None)

    def pause_writing(self) -> None:
        self.out.pause()

    def resume_writing(self) -> None:
        self.out.resume()


async def test_an_answer_is_stuck_when_it_has_not_moved_enough_since_the_last_look() -> None:
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    loop = asyncio.get_running_loop()
    transport, sending = await loop.connect_accepted_socket(Sending, ours)
    out, limits = sending.out, Limits()
    with contextlib.closing(theirs), contextlib.closing(transport):
        theirs.setblocking(False)
        assert out.is_clear
        out.write(bytes(1_000_000))
        assert not out.is_clear
        look_at = loop.time() + limits.unread_ms_max / 1000 + 1
        assert not out.is_stuck(loop.time()), "not at once"
        took = 0
        while took < 2 * limits.unread_bytes_min:
            took += len(await loop.sock_recv(theirs, 8_192))
        assert not out.is_stuck(look_at), "it moved"
        assert not out.is_stuck(look_at + limits.unread_ms_max / 2000), "not so soon again"
        assert out.is_stuck(look_at + limits.unread_ms_max / 1000 + 1), "it did not move since"
        transport.abort()


async def test_what_is_read_ahead_has_a_limit_over_all_connections() -> None:
    async with serving(Limits(ahead_bytes_all=40_000)) as served:
        clients = [await served.client() for _ in range(6)]
        for client in clients:
            client.send(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n" + b"x" * 20_000)
        await until(lambda: served.figures.closed["ahead_too_much"] >= 4)
        assert served.figures.ahead_bytes <= 40_000
        served.may_go.set()
        for client in clients:
            await client.close()


async def test_who_sent_most_ahead_of_an_answer_is_closed_not_who_comes_last() -> None:
    async with serving(Limits(ahead_bytes_all=40_000)) as served:
        held = b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n"
        clients = [await served.client() for _ in range(6)]
        for client in clients[:3]:
            client.send(held + b"x" * 12_000)
        await until(lambda: served.figures.ahead_bytes >= 36_000)
        honest = clients[3:]
        for client in honest:
            client.send(held + GET * 50)
        await until(lambda: served.figures.closed["ahead_too_much"] >= 1)
        await until(lambda: served.requests == len(clients))
        served.may_go.set()
        for client in honest:
            assert await client.answer() == 200
        for client in clients:
            await client.close()


async def test_who_ends_its_side_after_a_whole_request_is_answered() -> None:
    async with connected() as (served, client):
        client.send(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n")
        await served.asked.wait()
        client.end()
        await never(lambda: served.figures.connections == 0)
        served.may_go.set()
        assert STATUS.findall(await client.rest()) == [b"200"]


async def test_who_ends_its_side_within_a_request_is_closed() -> None:
    async with connected() as (served, client):
        client.send(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nab")
        await until(lambda: served.requests == 1)
        client.end()
        assert await client.rest() == b""


async def test_an_answer_without_a_length_that_is_broken_off_ends_with_a_reset() -> None:
    async with serving(HASTY) as served:
        client = await served.client(receives_bytes=4_096)
        client.stop_reading()
        client.send(LARGE.replace(b"HTTP/1.1", b"HTTP/1.0") % 20_000_000)
        await until(lambda: served.figures.closed["answer_unread"] == 1)
        with pytest.raises(ConnectionResetError):
            await client.read_to_end()


async def test_an_answer_that_nobody_reads_is_broken_off() -> None:
    async with serving(HASTY) as served:
        client = await served.client(receives_bytes=4_096)
        client.stop_reading()
        client.send(LARGE % 20_000_000)
        await until(lambda: served.figures.closed["answer_unread"] == 1)
        assert served.figures.answers_bytes == 0
        await client.close()


async def test_an_answer_that_is_read_slowly_arrives() -> None:
    size = 3_000_000
    limits = Limits(look_ms=20, unread_ms_max=300)
    async with serving(limits) as served:
        client = await served.client(receives_bytes=32_768)
        client.send(LARGE % size)
        began = monotonic()
        got = await client.slowly(size, piece=100_000, pause_s=0.05)
        assert monotonic() - began > 2 * limits.unread_ms_max / 1000
        assert got >= size
        await client.close()


async def test_over_the_limit_of_all_answers_the_slowest_reader_goes() -> None:
    async with serving(room=AnswerRoom(Figures(), bytes_max=20_000_000)) as served:
        clients = [await served.client(receives_bytes=4_096) for _ in range(6)]
        for client in clients:
            client.stop_reading()
            client.send(LARGE % 9_000_000)
        await until(lambda: served.figures.closed["answers_too_many"] >= 1)
        assert served.figures.answers_bytes <= 20_000_000
        healthy = await served.client()
        healthy.send(GET)
        assert await healthy.answer() == 200
        for client in (*clients, healthy):
            await client.close()


async def test_an_answer_counts_whole_until_the_last_of_it_has_left() -> None:
    """Whoever reads most of it and then stops has us keep all of it."""
    size = 12_000_000
    async with serving() as served:
        client = await served.client(receives_bytes=4_096)
        client.stop_reading()
        client.send(LARGE % size)
        await until(lambda: served.figures.answers_bytes > 0)
        client.read_again()
        assert await client.slowly(size // 2, piece=262_144, pause_s=0) >= size // 2
        client.stop_reading()
        await until(lambda: served.figures.answers_bytes >= size)
        await client.close()


async def test_an_answer_that_is_larger_than_the_room_arrives_when_it_is_read() -> None:
    size = 12_000_000
    async with serving(room=AnswerRoom(Figures(), bytes_max=1_000_000)) as served:
        client = await served.client(receives_bytes=65_536)
        client.send(LARGE % size)
        assert await client.slowly(size, piece=262_144, pause_s=0.002) >= size
        assert not served.figures.closed
        await client.close()


async def test_of_an_answer_that_was_broken_off_nothing_more_is_written(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ours, theirs = socket.socketpair()
    _, sending = await asyncio.get_running_loop().connect_accepted_socket(Sending, ours)
    with contextlib.closing(theirs):
        sending.out.break_off()
        for _ in range(100):
            sending.out.write(b"x")
        assert caplog.records == []


async def test_a_large_answer_waits_for_those_that_are_being_read() -> None:
    room = AnswerRoom(Figures(), bytes_max=100, crowded_ms=10_000)
    room.change(0, 60)
    waits = asyncio.create_task(room.wait())
    await never(waits.done)
    room.change(60, 40)
    async with asyncio.timeout(DEADLINE_S):
        await waits


async def test_a_large_answer_does_not_wait_for_those_that_nobody_reads() -> None:
    room = AnswerRoom(Figures(), bytes_max=20_000_000, crowded_ms=50)
    async with serving(room=room) as served:
        stuck = await served.client(receives_bytes=4_096)
        stuck.stop_reading()
        stuck.send(LARGE % 18_000_000)
        await until(lambda: served.figures.answers_bytes > 10_000_000)
        async with asyncio.timeout(DEADLINE_S):
            await room.wait()
        assert served.figures.closed["answers_too_many"] == 1
        await stuck.close()


async def test_of_large_answers_no_more_are_made_at_once_than_there_is_room_for() -> None:
    room = AnswerRoom(Figures(), bytes_max=100)
    begins = asyncio.Event()

    async def making(size: int, sent: int) -> None:
        await room.wait(size)
        await begins.wait()
        room.change(0, sent)
        await asyncio.Event().wait()

    first = asyncio.create_task(making(60, sent=0))
    second = asyncio.create_task(making(40, sent=30))
    await asyncio.sleep(0)
    assert await soon(room.wait(0)), "what is small waits for none that is only being made"
    assert not await soon(room.wait(1)), "two are being made, of all the room"
    first.cancel()
    assert await soon(room.wait(60)), "whoever is gone makes none"
    assert not await soon(room.wait(61))
    begins.set()
    assert await soon(room.wait(70)), "30 are sent, and none is being made"
    second.cancel()


async def test_an_answer_that_is_larger_than_the_room_is_made_alone() -> None:
    room = AnswerRoom(Figures(), bytes_max=100)
    assert await soon(room.wait(500))
    assert await soon(room.wait(500)), "the task of the one before has ended"
    kept = asyncio.current_task()
    await room.wait(500)
    assert kept is asyncio.current_task()
    assert not await soon(room.wait(1))


async def soon(waits: Coroutine[object, object, None]) -> bool:
    """Whether it returns at once, in a task of its own."""
    task = asyncio.create_task(waits)
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    return task.done() and not task.cancelled()


REFUSED = b"POST /refused HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"
REFUSED_CHUNKS = b"POST /refused HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_small_body_that_was_refused_leaves_the_connection_open() -> None:
    async with connected() as (_, client):
        client.send(REFUSED % 500_000)
        assert await client.answer() == 401
        client.send(b"x" * 500_000 + GET)
        assert await client.answer() == 200


async def test_what_came_of_a_body_before_its_refusal_does_not_keep_the_rest_from_coming() -> None:
    async with connected() as (_, client):
        client.send(REFUSED % 900_000 + b"x" * 300_000)
        assert await client.answer() == 401
        client.send(b"x" * 600_000 + GET)
        assert await client.answer() == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_refused_body_is_swallowed_up_to_a_limit(chunked: bool) -> None:
    limit = 2_000_000
    async with connected(Limits(linger_bytes_max=limit)) as (served, client):
        client.send(REFUSED_CHUNKS if chunked else REFUSED % 9_000_000_000)
        assert await client.answer() == 401
        piece = b"x" * 65_536
        piece = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
        assert await client.flood(piece, bytes_max=40 * limit) < 40 * limit
        assert served.figures.closed["body_unread"] == 1


async def test_who_sends_all_of_a_large_body_before_reading_finds_its_refusal() -> None:
    async with connected() as (served, client):
        client.send(REFUSED % 20_000_000)
        for _ in range(20):
            client.send(b"x" * 1_000_000)
            await client.drain()
        said = await client.rest()
        assert STATUS.findall(said) == [b"401"]
        assert b"connection: close\r\n" in said
        assert not served.figures.closed


async def test_who_is_refused_a_large_body_is_told_at_once_that_no_more_comes() -> None:
    async with connected() as (_, client):
        client.send(REFUSED % 20_000_000)
        began = monotonic()
        assert STATUS.findall(await client.rest()) == [b"401"]
        assert monotonic() - began < Limits().discard_ms_max / 2000


async def test_a_refused_body_is_waited_for_only_so_long() -> None:
    async with connected(HASTY) as (served, client):
        client.send(REFUSED % 100)
        assert await client.answer() == 401
        client.send(b"x")
        assert await client.rest() == b""
        assert served.figures.closed["body_unread"] == 1


async def test_after_a_refusal_nothing_is_kept_of_what_still_comes() -> None:
    async with connected() as (_, client):
        client.send(b"nonsense\r\n\r\n")
        assert await client.flood(b"x" * 65_536, bytes_max=100_000_000) < 50_000_000


async def test_a_chunked_body_of_nothing_but_line_ends_holds_nobody_up() -> None:
    async with connected() as (served, client):
        body = b"\r\n\r\n" * 4_096
        client.send(b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send((b"%x\r\n%b\r\n" % (len(body), body)) * 20 + b"0\r\n\r\n")
        other = await served.client()
        for _ in range(20):
            began = monotonic()
            other.send(GET)
            assert await other.answer() == 200
            assert monotonic() - began < 1
        status, said = await client.whole_answer()
        assert (status, int(said)) == (200, 20 * len(body))
        await other.close()


async def test_at_the_limit_the_one_that_waits_longest_makes_room() -> None:
    limits = Limits(connections_max=10)
    async with serving(limits) as served:
        halves = [await served.client() for _ in range(limits.connections_max)]
        for half in halves:
            half.send(b"GET / HTTP/1.1\r\nHost: here\r\nX-")
        await until(lambda: served.figures.connections == limits.connections_max)
        healthy = await served.client()
        healthy.send(GET)
        assert await healthy.answer() == 200
        assert await halves[0].rest() == b""
        assert served.figures.closed["room_made"] == 1
        assert served.figures.connections == limits.connections_max
        for client in (*halves, healthy):
            await client.close()


@pytest.mark.parametrize("sent", [REFUSED % 900_000, b"nonsense\r\n\r\n"], ids=["body", "bytes"])
async def test_who_was_answered_and_does_not_end_makes_room_before_those_who_wait(
    sent: bytes,
) -> None:
    limits = Limits(connections_max=10)
    async with serving(limits) as served:
        waiting = await served.client()
        waiting.send(GET)
        assert await waiting.answer() == 200
        answered = [await served.client() for _ in range(limits.connections_max - 1)]
        for client in answered:
            client.send(sent)
            assert await client.answer() in (400, 401)
        healthy = await served.client()
        for client in (healthy, waiting):
            client.send(GET)
            assert await client.answer() == 200
        assert served.figures.closed["room_made"] == 1
        assert served.figures.refused == 0
        for client in (*answered, waiting, healthy):
            await client.close()


KEPT = Limits(connections_max=16)  # two of them kept
HELD = b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n"
UPLOAD = b"POST /v2/upload HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\n"


@pytest.mark.parametrize("path", [b"/healthz", b"/readyz", b"/callbacks/a/b"])
async def test_requests_never_have_the_places_of_callbacks_and_probes(path: bytes) -> None:
    held_max = KEPT.connections_max - KEPT.connections_kept
    assert held_max == 14
    async with serving(KEPT) as served:
        held = [await served.client() for _ in range(held_max)]
        for client in held:
            client.send(HELD)
        await until(lambda: served.requests == held_max)
        others = [await served.client() for _ in range(2 * KEPT.connections_max)]
        for client in others[-KEPT.connections_kept :]:
            client.send(UPLOAD)
            status, said = await client.whole_answer()
            assert (status, list(as_json(said))) == (503, ["error"])
        assert served.figures.refused == KEPT.connections_kept
        first = await served.client()
        first.send(b"POST " + path + b" HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nab")
        assert await first.answer() == 200
        served.may_go.set()
        for client in held:
            assert await client.answer() == 200
        held[0].send(GET)
        assert await held[0].answer() == 200
        for client in (*held, *others, first):
            await client.close()


@pytest.mark.parametrize("then", ["answered", "refused", "lost"])
async def test_whose_request_has_ended_has_no_place_of_one_any_more(then: str) -> None:
    async with serving(KEPT) as served:
        clients = [await served.client() for _ in range(KEPT.connections_max - 1)]
        for client in clients:
            match then:
                case "answered":
                    client.send(GET)
                    assert await client.answer() == 200
                case "refused":
                    client.send(REFUSED % 9)
                    assert await client.answer() == 401
                case _:
                    client.send(UPLOAD)
                    await client.close()
        last = await served.client()
        last.send(GET)
        assert await last.answer() == 200
        assert served.figures.refused == 0
        for client in (*clients, last):
            await client.close()


async def test_without_anybody_who_waits_a_new_connection_is_503() -> None:
    async with serving(Limits(connections_max=2)) as served:
        busy = [await served.client() for _ in range(2)]
        for client in busy:
            client.send(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n")
        await until(lambda: served.requests == 2)
        refused = await served.client()
        said = await refused.rest()
        assert STATUS.findall(said) == [b"503"]
        assert b"retry-after: 2\r\n" in said
        head, _, body = said.partition(b"\r\n\r\n")
        assert f"content-length: {len(body)}".encode() in head
        assert json.loads(body)["status"] == 503
        assert served.figures.refused == 1
        served.may_go.set()
        for client in busy:
            assert await client.answer() == 200
        for client in (*busy, refused):
            await client.close()


async def test_a_client_that_goes_away_is_known_while_its_answer_is_made() -> None:
    async with serving() as served:
        gone = asyncio.Event()

        async def waits(request: Request) -> None:
            await request.body()
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone.set()

        served.add("/waits", waits)
        client = await served.client()
        client.send(b"GET /waits HTTP/1.1\r\nHost: here\r\n\r\n")
        await until(lambda: len(served.server.server_state.tasks) == 1)
        await client.close()
        async with asyncio.timeout(DEADLINE_S):
            await gone.wait()
