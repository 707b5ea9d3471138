"""Deliveries across restarts, lost files, lagging views, erased requests and failing stores."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from stenolog.clock import now_ms
from stenolog.commands.transcription.state import stream_of
from stenolog.delivery.outbox import Attempt, Ending
from stenolog.delivery.readiness import ReadableOutcomes
from stenolog.errors import StoreUnavailable
from stenolog.log.event import NewEvent
from stenolog.log.store import Appended
from stenolog.simulator.receiver import Reply
from stenolog.stores.files.directory import WORK
from stenolog.stores.sqlite.work.store import SqliteWork
from tests.delivery.house import House
from tests.house.waiting import until
from tests.http.spoken import answer_of


async def test_a_restart_goes_on_where_it_was(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500)
    home.timing = replace(home.timing, spacing_ms=60_000)
    async with home.delivering():
        transcription_id = await home.done()
        await until(lambda: len(home.got()) == 1)
    home.receiver.answer = lambda delivery: Reply()
    with contextlib.closing(sqlite3.connect(home.directory / "work.db")) as file:
        file.execute("UPDATE outbox SET due_at_ms = ?", (now_ms(),))
        file.commit()
    async with home.delivering():
        ended = await home.ended(transcription_id)
    assert (ended["type"], ended["attempts"]) == ("delivery.succeeded", 2)


async def test_what_ended_while_nobody_followed_is_told_after_the_start(home: House) -> None:
    ids = [await home.done() for _ in range(3)]
    async with home.delivering():
        for transcription_id in ids:
            await home.ended(transcription_id)
    assert sorted(home.told()) == sorted(ids)


async def test_what_was_delivered_is_not_delivered_again_by_a_restart(home: House) -> None:
    async with home.delivering():
        first = await home.done()
        await home.ended(first)
        await home.settled()
    async with home.delivering():
        second = await home.done()
        await home.ended(second)
    assert home.told() == [first, second]


async def test_a_lost_work_file_floods_nobody(home: House) -> None:
    old = [await home.done() for _ in range(3)]
    for file in home.directory.glob("work.db*"):
        file.unlink()
    async with home.delivering():
        new = await home.done()
        await home.ended(new)
        await home.settled()
    assert home.told() == [new]
    assert not any([await home.facts(one) for one in old])


@pytest.mark.parametrize("owed", [True, False])
async def test_an_older_work_file_repeats_nothing_that_the_log_says_has_ended(
    home: House, owed: bool
) -> None:
    """It has the delivery still, or comes to owe it again because it had followed less."""
    async with home.following() as fan_out:
        delivered = await home.done()
        refused = await home.done("/refused")
        while owed and await fan_out.subscription.step():
            pass
        assert (await home.work.backlog(0)).deliveries == (2 if owed else 0)
    older = (home.directory / WORK).read_bytes()
    home.receiver.answer = lambda delivery: Reply(status=410 if "refused" in delivery.path else 204)
    async with home.delivering():
        for one in (delivered, refused):
            await home.ended(one)
        await home.settled()
    (home.directory / WORK).write_bytes(older)
    async with home.delivering():
        new = await home.done()
        await home.ended(new)
        await home.settled()
    assert [home.told(), home.told("/refused")] == [[delivered, new], [refused]]
    assert [len(await home.facts(one)) for one in (delivered, refused)] == [1, 1]


async def test_a_work_file_of_another_log_is_begun_anew(home: House) -> None:
    async with home.delivering():
        await home.ended(await home.done())
    before = len(home.got())
    with contextlib.closing(sqlite3.connect(home.directory / "work.db")) as file:
        file.execute("UPDATE checkpoints SET event_id = 'another', position = 999")
        file.execute(
            "INSERT INTO outbox (position, kind, stream, tenant, lane, created_at_ms, due_at_ms) "
            "VALUES (5, 'outcome', 'transcription-x', 't', 'l', 0, 0)"
        )
        file.commit()
    async with home.delivering():
        new = await home.done()
        await home.ended(new)
        await home.settled()
    assert home.told()[before:] == [new]


async def test_nothing_is_sent_before_get_shows_the_outcome(home: House) -> None:
    await home.service.stand_still()
    async with home.delivering():
        transcription_id = await home.done()
        await until(lambda: home.leased() == 1)
        answer = await home.service.client.get(f"/v2/transcript/{transcription_id}")
        assert answer.json()["status"] == "processing"
        assert home.got() == []
        await home.service.follow()
        await home.ended(transcription_id)
    assert home.told() == [transcription_id]


async def test_views_that_are_late_are_waited_for_within_bounds(home: House) -> None:
    await home.service.stand_still()
    transcription_id = await home.done()
    readable = ReadableOutcomes(home.service.views, wait_ms=30)
    assert await readable.wait(transcription_id) is None
    waiting = asyncio.create_task(
        ReadableOutcomes(home.service.views, wait_ms=10_000).wait(transcription_id)
    )
    await home.service.follow()
    assert await waiting == "completed"


async def test_other_transcriptions_are_not_waited_for(home: House) -> None:
    """Views of this one suffice, whatever the rest of the log is waiting for."""
    transcription_id = await home.done()
    await home.service.projected()
    await home.service.stand_still()
    await home.done("/other")
    assert await ReadableOutcomes(home.service.views).wait(transcription_id) == "completed"


async def test_a_transcript_that_cannot_be_digested_is_told_as_get_shows_it(home: House) -> None:
    async with home.delivering():
        transcription_id = await home.requested()
        await home.service.complete(transcription_id, answer_of(words="none"))
        await home.ended(transcription_id)
    (got,) = home.got()
    shown = await home.shown(transcription_id)
    assert json.loads(got.body)["status"] == shown["status"]


async def test_a_request_that_was_erased_ends_the_delivery_without_a_call(home: House) -> None:
    transcription_id = await home.done()
    async with home.following() as fan_out:
        while await fan_out.subscription.step():
            pass
        assert (await home.work.backlog(0)).deliveries == 1
    await home.service.keys.destroy_data_key(stream_of(transcription_id))
    async with home.delivering():
        ended = await home.ended(transcription_id)
        await home.settled()
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("unreadable", 0, None)
    assert home.receiver.deliveries == ()


async def test_a_request_erased_before_the_fan_out_saw_it_owes_nothing(home: House) -> None:
    erased = await home.done()
    await home.service.keys.destroy_data_key(stream_of(erased))
    async with home.delivering():
        other = await home.done()
        await home.ended(other)
        assert await home.facts(erased) == []


@pytest.mark.parametrize("fanned_out", [False, True])
async def test_a_delivery_whose_key_is_lost_waits_until_it_is_back(
    home: House, fanned_out: bool
) -> None:
    transcription_id = await home.done()
    if fanned_out:
        async with home.following() as fan_out:
            while await fan_out.subscription.step():
                pass
    stream = stream_of(transcription_id)
    key = await home.service.keys.data_key_of(stream)
    assert key is not None
    with contextlib.closing(sqlite3.connect(home.directory / "keys.db")) as file:
        file.execute("DELETE FROM data_keys WHERE stream = ?", (stream,))
        file.commit()
    with structlog.testing.capture_logs() as lines:
        async with home.delivering():
            await until(lambda: any(line["event"] == "delivery.waits" for line in lines))
            assert home.receiver.deliveries == ()
            await home.service.keys.add_data_key(key)
            ended = await home.ended(transcription_id)
    assert ended["attempts"] == 1
    assert len(home.receiver.deliveries) == 1


async def test_an_ending_that_was_decided_is_told_to_the_log_without_another_call(
    home: House,
) -> None:
    """As after a crash between the attempt's record and the fact."""
    transcription_id = await home.done()
    async with home.following() as fan_out:
        while await fan_out.subscription.step():
            pass
        now = now_ms()
        taken = await home.work.take(now, until_ms=now, busy=(), at_once=1, per_lane=1)
        attempt = Attempt(number=1, at_ms=now, took_ms=1, status=202, outcome="delivered")
        await home.work.record(taken.leases[0], attempt, due_at_ms=None, ending=Ending(reason=None))
    async with home.delivering():
        ended = await home.ended(transcription_id)
        await home.settled()
    assert (ended["attempts"], ended["status"]) == (1, 202)
    assert home.receiver.deliveries == ()


async def test_a_fact_that_is_in_the_log_is_not_written_twice(home: House) -> None:
    """As after a crash between the fact and the removal from the outbox."""
    async with home.delivering():
        transcription_id = await home.done()
        await home.ended(transcription_id)
        await home.settled()
    fact = (await home.facts(transcription_id))[0]
    with contextlib.closing(sqlite3.connect(home.directory / "work.db")) as file:
        file.execute(
            "INSERT INTO outbox (position, kind, stream, tenant, lane, created_at_ms, due_at_ms, "
            "attempts, status, ended) VALUES (?, 'outcome', ?, 't', 'l', 0, 0, 1, 200, 1)",
            (fact.previous, fact.stream),
        )
        file.commit()
    async with home.delivering():
        await home.settled()
    assert len(await home.facts(transcription_id)) == 1
    assert len(home.got()) == 1


@pytest.mark.parametrize("fault", ["refusing", "losing_replies"])
async def test_a_log_that_fails_delays_the_fact_and_repeats_no_call(
    home: House, fault: str
) -> None:
    transcription_id = await home.done()
    setattr(home.service.events, fault, True)
    async with home.delivering():
        await until(lambda: len(home.got()) == 1)
        before = home.service.events.appends
        await until(lambda: home.service.events.appends > before)
        setattr(home.service.events, fault, False)
        await home.ended(transcription_id)
        await home.settled()
    assert len(home.got()) == 1


async def test_a_log_whose_end_is_damaged_takes_the_fact_all_the_same(home: House) -> None:
    transcription_id = await home.done()
    last = (await home.service.stream(await home.service.submit()))[-1].position
    async with home.following() as fan_out:
        while await fan_out.subscription.step():
            pass
    with contextlib.closing(sqlite3.connect(home.directory / "log.db")) as file:
        file.execute("UPDATE events SET bytes = 'x' WHERE position = ?", (last,))
        file.commit()
    async with home.delivering():
        ended = await home.ended(transcription_id)
    assert (ended["type"], ended["attempts"]) == ("delivery.succeeded", 1)
    assert home.told() == [transcription_id]


async def test_a_damaged_work_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "work.db").write_bytes(b"this is no database, and long enough to show it" * 100)
    with pytest.raises(StoreUnavailable, match=r"work\.db"):
        await SqliteWork.open(tmp_path / "work.db")


async def test_a_long_quiet_log_costs_few_checkpoints(home: House) -> None:
    async with home.following() as fan_out:
        before = await home.work.checkpoint()
        for _ in range(3):
            await home.service.submitted()
        while await fan_out.subscription.step():
            pass
        assert await home.work.checkpoint() == before
        await _fill(home, 1_000)
        while await fan_out.subscription.step():
            pass
        after = await home.work.checkpoint()
    assert before is not None
    assert after is not None
    assert after.position >= before.position + 1_000


async def _fill(home: House, count: int) -> None:
    """Events that nobody is told of."""
    transcription_id = await home.service.submit()
    first = (await home.service.stream(transcription_id))[0]
    appends: list[Appended] = []
    for number in range(count // 50):
        events = [
            NewEvent(
                id=f"018f2f9e-7c1a-7d3b-8a4e-{number * 50 + n:012x}",
                type="submission.superseded",
                tenant=first.tenant,
                actor=first.actor,
                correlation_id=first.correlation_id,
                causation_id=None,
                data={"submission": 1},
            )
            for n in range(50)
        ]
        appends.append(await home.service.events.append(first.stream, events))
    assert not any(one.already_there for one in appends)
