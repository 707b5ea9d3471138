"""Views of long transcripts: made in another process, once, and in nobody's way."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import orjson
import pytest

from stenolog.bootstrap.http.answer_room import AnswerRoom
from stenolog.bootstrap.http.figures import Figures
from stenolog.edge.derived.render import KEPT_MAX, RenderOrder, render
from stenolog.edge.derived.workers import LONG_BYTES_MAX, THREAD_BYTES_MAX, RenderWorkers
from stenolog.errors import InvalidRequest
from stenolog.projections.views import Room, ViewReader, no_wait
from stenolog.side_process import SideProcess
from stenolog.stores.sqlite.views.content import BODY_BYTES_INLINE_MAX, BODY_PART_BYTES
from stenolog.wire.assemblyai.transcript import completed_transcript
from tests.house.composed import Composed
from tests.house.waiting import until

URL = "https://audio.example/call.mp3"
WORDS = [
    {"text": f"w{at % 97}.", "start": at, "end": at + 1, "confidence": 0.5, "nothing": "x" * 80}
    for at in range(5_000)
]
LONG = completed_transcript("j", {"audio_url": URL}, {"text": "w", "words": WORDS})
SHORT = completed_transcript("j", {"audio_url": URL}, {"text": "w", "words": WORDS[:10]})
ALL = (
    RenderOrder(view="sentences"),
    RenderOrder(view="paragraphs"),
    RenderOrder(view="srt"),
    RenderOrder(view="vtt", characters=20),
    RenderOrder(view="word-search", terms=("w1", "w2 w3")),
)
DEADLINE_S = 20

SideProcesses = tuple[SideProcess, SideProcess]


class Bodies:
    """Stored answers, and how often they were read; one may be slow to come."""

    def __init__(self, bodies: dict[str, bytes], slow: str = "") -> None:
        self._bodies = bodies
        self._slow = slow
        self.reads: list[str] = []
        self.comes = asyncio.Event()

    async def customer_body(self, transcription: str, room: Room) -> bytes | None:
        self.reads.append(transcription)
        body = self._bodies.get(transcription)
        if body is not None and len(body) > BODY_BYTES_INLINE_MAX:
            await room(-(-len(body) // BODY_PART_BYTES) * BODY_PART_BYTES)
        if self.reads.count(transcription) > 1 and transcription == self._slow:
            await self.comes.wait()
        return body


@pytest.fixture
async def side_processes() -> AsyncIterator[SideProcesses]:
    both = (SideProcess(), SideProcess())
    yield both
    for one in both:
        await one.close()


def making(bodies: Bodies, side_processes: SideProcesses, room: Room = no_wait) -> RenderWorkers:
    return RenderWorkers(cast(ViewReader, bodies), side_processes, room)


async def all_of(
    made_by: RenderWorkers, name: str, asked: Sequence[RenderOrder]
) -> list[bytes | None]:
    async with asyncio.timeout(DEADLINE_S):
        return await asyncio.gather(*(made_by.render("tenant", name, one) for one in asked))


async def test_a_long_transcript_is_read_once_for_all_that_is_asked_of_it(
    side_processes: SideProcesses,
) -> None:
    body = orjson.dumps(LONG)
    assert len(body) > THREAD_BYTES_MAX
    bodies = Bodies({"long": body})
    ours = making(bodies, side_processes)
    found = await all_of(ours, "long", ALL * 5)
    assert found == [render("long", body, one) for one in ALL] * 5
    # To see that it is long, for each that came before that was known; and to make it.
    assert len(bodies.reads) <= len(ALL) + 1
    bodies.reads.clear()
    await all_of(
        ours, "long", [RenderOrder(view="word-search", terms=(f"w{n}",)) for n in range(9)]
    )
    assert bodies.reads == []
    [process_id] = side_processes[0].process_ids()
    os.kill(process_id, signal.SIGKILL)
    assert await all_of(ours, "long", ALL[:1]) == found[:1]
    assert bodies.reads == ["long"]


async def test_only_the_last_few_are_remembered(side_processes: SideProcesses) -> None:
    names = [f"long-{number}" for number in range(KEPT_MAX + 1)]
    bodies = Bodies(dict.fromkeys(names, orjson.dumps(LONG)))
    ours = making(bodies, side_processes)
    for name in names:
        await all_of(ours, name, ALL[4:])
    bodies.reads.clear()
    for name in reversed(names):
        await all_of(ours, name, ALL[4:])
    assert bodies.reads == names[:1]


async def test_a_short_transcript_waits_for_no_long_one(side_processes: SideProcesses) -> None:
    bodies = Bodies({"long": orjson.dumps(LONG), "short": orjson.dumps(SHORT)}, slow="long")
    ours = making(bodies, side_processes)
    waiting = [asyncio.create_task(ours.render("tenant", "long", one)) for one in ALL]
    async with asyncio.timeout(DEADLINE_S):
        await until(lambda: bodies.reads.count("long") > 1)
        for one in ALL:
            answer = await ours.render("tenant", "short", one)
            assert answer == render("short", orjson.dumps(SHORT), one)
        assert not any(task.done() for task in waiting)
        waiting[0].cancel()  # who goes away takes nothing from the others
        bodies.comes.set()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(ended[0], asyncio.CancelledError)
    assert ended[1:] == [render("long", orjson.dumps(LONG), one) for one in ALL[1:]]


async def test_a_long_transcript_waits_for_no_longer_one(side_processes: SideProcesses) -> None:
    body, longer = orjson.dumps(LONG), orjson.dumps(LONG | {"extra": "x" * LONG_BYTES_MAX})
    bodies = Bodies({"long": body, "longer": longer}, slow="longer")
    ours = making(bodies, side_processes)
    waiting = asyncio.create_task(ours.render("tenant", "longer", ALL[0]))
    async with asyncio.timeout(DEADLINE_S):
        await until(lambda: bodies.reads.count("longer") > 1)
        assert await ours.render("tenant", "long", ALL[0]) == render("long", body, ALL[0])
        assert not waiting.done()
        bodies.comes.set()
        assert await waiting == render("longer", longer, ALL[0])
    assert [len(one.process_ids()) for one in side_processes] == [1, 1]


async def test_what_is_rendered_of_long_ones_never_waits_for_itself(
    side_processes: SideProcesses,
) -> None:
    """In a room that one of them fills."""
    body = orjson.dumps(LONG | {"extra": "x" * (3 * BODY_PART_BYTES)})
    room = AnswerRoom(Figures(), bytes_max=len(body))
    made_by = making(Bodies({"first": body, "second": body}), side_processes, room.wait)
    first, second = await asyncio.gather(
        all_of(made_by, "first", ALL), all_of(made_by, "second", ALL)
    )
    assert first == [render("first", body, one) for one in ALL]
    assert second == [render("second", body, one) for one in ALL]


async def test_tenants_take_turns_with_long_ones(side_processes: SideProcesses) -> None:
    names = ["a-1", "a-2", "a-3", "b-1", "b-2", "c-1"]
    bodies = Bodies(dict.fromkeys(names, orjson.dumps(LONG)), slow="a-1")
    ours = making(bodies, side_processes)
    asked = [asyncio.create_task(ours.render(name[0], name, ALL[0])) for name in names]
    async with asyncio.timeout(DEADLINE_S):
        await until(lambda: set(bodies.reads) == set(names) and bodies.reads.count("a-1") > 1)
        first_reads = len(bodies.reads)
        bodies.comes.set()
        await asyncio.gather(*asked)
    assert bodies.reads[first_reads:] == ["b-1", "c-1", "a-2", "b-2", "a-3"]


async def test_what_is_not_there_and_what_has_no_words_is_said(
    side_processes: SideProcesses,
) -> None:
    wordless: dict[str, Any] = LONG | {"words": None, "text": "x" * THREAD_BYTES_MAX}
    ours = making(Bodies({"long": orjson.dumps(wordless)}), side_processes)
    assert await ours.render("tenant", "nothing", ALL[0]) is None
    with pytest.raises(InvalidRequest, match="no words with times"):
        await ours.render("tenant", "long", ALL[0])


async def test_a_long_transcript_is_answered_until_it_is_deleted(service: Composed) -> None:
    transcription_id, _ = await service.submitted(audio_url=URL)
    await service.complete(transcription_id, LONG)
    await service.projected()
    path = f"/v2/transcript/{transcription_id}"
    for _ in range(2):
        answer = await service.client.get(f"{path}/word-search?words=w5")
        assert (answer.status_code, answer.json()["matches"][0]["count"]) == (200, 52)
    assert [len(one.process_ids()) for one in service.side_processes] == [1, 0]
    assert (await service.client.delete(path)).status_code == 200
    answer = await service.client.get(f"{path}/word-search?words=w5")
    assert (answer.status_code, "deleted" in answer.json()["error"]) == (400, True)
