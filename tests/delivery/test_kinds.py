"""What else a customer is told: a result that came late, and where the redacted audio is."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Mapping
from time import monotonic
from typing import Any

import pytest
import structlog

from stenolog.clock import now_ms
from stenolog.commands.transcription.commands import Complete, Fail
from stenolog.commands.transcription.state import stream_of
from stenolog.delivery.message import REFUSALS_HEEDED_MS
from stenolog.delivery.readiness import READY_WAIT_MS_MAX
from stenolog.delivery.rules import LOOK_MS_FIRST, LOOK_MS_MAX, LOOKS_END_MS, look_again_in_ms
from stenolog.log.actors import RECONCILER
from stenolog.log.recorder import Cause
from stenolog.simulator.receiver import Reply
from tests.dedupe_keys import keyed_types, underivable
from tests.delivery.house import House
from tests.house.waiting import eventually, until
from tests.http.spoken import answer_of

REDACTED: dict[str, Any] = {
    "redact_pii": True,
    "redact_pii_policies": ["phone_number"],
    "redact_pii_audio": True,
}


async def given_up(home: House) -> str:
    """A transcription that the provider did not finish in time."""
    transcription_id = await home.requested()
    await home.service.run(
        transcription_id,
        Fail(number=1, reason="deadline", wake="silence"),
        transcription_failed=b'{"error": "not within 24 h", "answer": null}',
    )
    return transcription_id


async def completed_late(home: House, transcription_id: str) -> None:
    handler = home.service.handler
    state = await handler.load(transcription_id)
    cause = Cause(tenant=state.tenant, actor=RECONCILER, correlation_id=state.correlation_id)
    command = Complete(number=1, wake="callback", audio_ms=1, words=0)
    payloads = {"transcription.completed_late": json.dumps(answer_of()).encode()}
    assert await handler.run(command, state, cause, payloads)


def said(home: House) -> list[Mapping[str, Any]]:
    """The bodies that came in, in order."""
    return [json.loads(one.body) for one in home.got()]


async def endings(home: House, transcription_id: str, count: int) -> dict[str, Mapping[str, Any]]:
    """How its deliveries ended, by kind, once there are so many."""

    async def known() -> bool:
        return len(await home.facts(transcription_id)) == count

    await eventually(known)
    facts = await home.facts(transcription_id)
    return {str(fact.data["kind"]): {"type": fact.type, **fact.data} for fact in facts}


async def test_a_result_after_we_gave_up_is_told_too(home: House) -> None:
    async with home.delivering():
        transcription_id = await given_up(home)
        await home.ended(transcription_id)
        home.receiver.answer = lambda delivery: Reply(status=202)
        await completed_late(home, transcription_id)
        await endings(home, transcription_id, 2)
    assert [one["status"] for one in said(home)] == ["error", "completed"]
    shown = await home.shown(transcription_id)
    assert (shown["status"], shown["webhook_status_code"]) == ("completed", 202)


async def test_a_late_result_is_not_told_before_get_shows_it(home: House) -> None:
    async with home.delivering():
        transcription_id = await given_up(home)
        await home.ended(transcription_id)
        await home.service.projected()
        await home.service.stand_still()
        await completed_late(home, transcription_id)
        await until(lambda: home.leased() == 1)
        assert len(home.got()) == 1, "the views still show the first outcome"
        await home.service.follow()
        await endings(home, transcription_id, 2)
    assert [one["status"] for one in said(home)] == ["error", "completed"]


async def test_redacted_audio_is_a_call_of_its_own_with_the_same_header(home: House) -> None:
    async with home.delivering():
        transcription_id = await home.done(
            webhook_auth_header_name="X-Secret", webhook_auth_header_value="v", **REDACTED
        )
        ended = await endings(home, transcription_id, 2)
    assert {one["type"] for one in ended.values()} == {"delivery.succeeded"}
    log = home.directory / "log.db"
    assert underivable(log) == []
    assert "delivery.succeeded" in keyed_types(log)
    link = await home.service.audio.link(transcription_id)
    ready = f'{{"status": "redacted_audio_ready", "redacted_audio_url": "{link}"}}'
    assert ready.encode() in [one.body for one in home.got()]
    assert len(home.got()) == 2
    assert {one.headers["x-secret"] for one in home.got()} == {"v"}


async def test_the_status_code_is_the_transcripts_own(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(
        status=204 if b"transcript_id" in delivery.body else 410
    )
    async with home.delivering():
        transcription_id = await home.done(**REDACTED)
        ended = await endings(home, transcription_id, 2)
    assert (ended["redacted_audio"]["reason"], ended["redacted_audio"]["status"]) == (
        "refused",
        410,
    )
    assert (await home.shown(transcription_id))["webhook_status_code"] == 204
    log = home.directory / "log.db"
    assert underivable(log) == []
    assert "delivery.failed" in keyed_types(log)


async def test_redacted_audio_is_told_once_it_is_there(home: House) -> None:
    home.service.audio.ready = False
    async with home.delivering():
        transcription_id = await home.done(**REDACTED)
        await home.ended(transcription_id)
        assert [sorted(one) for one in said(home)] == [["status", "transcript_id"]]
        home.service.audio.ready = True
        await endings(home, transcription_id, 2)
    assert said(home)[1]["status"] == "redacted_audio_ready"


async def test_what_has_no_redacted_audio_is_called_once(home: House) -> None:
    async with home.delivering():
        plain = await home.done(**{**REDACTED, "redact_pii_audio": False})
        failed = await home.requested(**REDACTED)
        await home.service.fail(failed, "no audio")
        for one in (plain, failed):
            await home.ended(one)
        await home.settled()
    assert sorted(home.told()) == sorted([plain, failed])


@pytest.mark.parametrize(
    ("age_ms", "available"), [(REFUSALS_HEEDED_MS, False), (LOOKS_END_MS, True)]
)
async def test_audio_that_does_not_come_ends_its_delivery(
    home: House, age_ms: int, available: bool
) -> None:
    home.service.audio.available = available
    home.service.audio.ready = False
    async with home.delivering():
        transcription_id = await home.done(**REDACTED)
        await home.ended(transcription_id)
    home.now_ms = lambda: now_ms() + age_ms
    async with home.delivering():
        ended = await endings(home, transcription_id, 2)
        await home.settled()
    lost = ended["redacted_audio"]
    assert (lost["reason"], lost["attempts"], lost["status"]) == ("unavailable", 0, None)
    assert len(home.got()) == 1


@pytest.mark.parametrize("back", [True, False], ids=["back", "lost for a day more"])
async def test_an_outcome_is_waited_for_from_when_it_is_lacking_however_long_it_was_owed(
    home: House, back: bool
) -> None:
    ahead_ms = 0
    home.now_ms = lambda: now_ms() + ahead_ms
    await home.service.stand_still()
    transcription_id = await home.done()
    async with home.following() as fan_out:
        while await fan_out.subscription.step():
            pass
    ahead_ms = 3 * LOOKS_END_MS  # its receiver was down
    with structlog.testing.capture_logs() as lines:
        async with home.delivering() as deliveries:
            await until(lambda: home.left_for_later() == 1)
            looks = waits(lines)
            home.due_at_once()
            deliveries.dispatcher.wake()
            began = monotonic()
            await until(lambda: waits(lines) > looks)
            assert monotonic() - began < READY_WAIT_MS_MAX / 2_000  # the slot is others'
            assert not await home.facts(transcription_id)
            if back:
                await home.service.follow()
            else:
                ahead_ms += LOOKS_END_MS
                home.due_at_once()
                deliveries.dispatcher.wake()
            ended = await home.ended(transcription_id)
            await home.settled()
    if back:
        assert (ended["type"], ended["attempts"]) == ("delivery.succeeded", 1)
    else:
        assert (ended["reason"], ended["attempts"]) == ("unreadable", 0)
        assert home.got() == []


def waits(lines: list[structlog.typing.EventDict]) -> int:
    """How often a delivery was put off."""
    return sum(line["event"] == "delivery.waits" for line in lines)


@pytest.mark.parametrize("damaged", [["outcome"], ["missing"], ["outcome", "request"]])
async def test_a_damaged_record_ends_its_delivery_with_one_line(
    home: House, damaged: list[str]
) -> None:
    transcription_id = await home.done()
    await home.service.submit()  # the log's last record, and the fan-out's place, are whole
    async with home.following() as fan_out:
        while await fan_out.subscription.step():
            pass
    events = await home.service.stream(transcription_id)
    positions = {"outcome": events[-1].position, "request": events[0].position}
    if damaged == ["missing"]:
        damaged = []
        with contextlib.closing(sqlite3.connect(home.directory / "log.db")) as file:
            file.execute("DELETE FROM events WHERE position = ?", (positions["outcome"],))
            file.commit()
    with contextlib.closing(sqlite3.connect(home.directory / "log.db")) as file:
        for which in damaged:
            file.execute("UPDATE events SET bytes = 'x' WHERE position = ?", (positions[which],))
        file.commit()
    home.service.events.forget()
    with structlog.testing.capture_logs() as lines:
        async with home.delivering():
            await home.settled()
    assert [line["event"] for line in lines if line["event"].startswith("delivery.")] == [
        "delivery.dropped"
    ]
    assert home.got() == []
    with contextlib.closing(sqlite3.connect(home.directory / "log.db")) as file:
        facts = file.execute(
            "SELECT bytes FROM events WHERE stream = ? AND type = 'delivery.failed'",
            (stream_of(transcription_id),),
        ).fetchall()
    assert [json.loads(fact)["data"]["reason"] for (fact,) in facts] == (
        [] if "request" in damaged else ["unreadable"]
    )


async def test_a_request_damaged_while_the_log_is_followed_holds_up_nobody(home: House) -> None:
    """The log's end is in memory, and payloads are not: the damage is met between the two."""
    damaged, whole = await home.requested(), await home.requested()
    position = (await home.service.stream(damaged))[0].position
    with contextlib.closing(sqlite3.connect(home.directory / "log.db")) as file:
        file.execute("UPDATE events SET bytes = 'x' WHERE position = ?", (position,))
        file.commit()
    async with home.delivering():
        for one in (damaged, whole):
            await home.service.complete(one, answer_of())
        await home.ended(whole)
    assert home.told() == [whole]


def test_looks_are_as_far_apart_as_it_has_been_owed() -> None:
    assert look_again_in_ms(-5) == look_again_in_ms(0) == LOOK_MS_FIRST
    assert look_again_in_ms(7_000) == 7_000
    assert look_again_in_ms(LOOKS_END_MS - 1) == LOOK_MS_MAX
    assert look_again_in_ms(LOOKS_END_MS) is None
