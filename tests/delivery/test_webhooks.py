"""A customer's webhook: what is sent, how often, and what becomes known of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import structlog

from stenolog.delivery.dispatcher import ATTEMPTS_PER_LANE_MAX
from stenolog.simulator.receiver import Delivery, Receiver, Reply
from tests.delivery.house import House
from tests.house.waiting import until

WAIT_MS = 30


async def test_the_outcome_is_posted_as_the_service_would(home: House) -> None:
    async with home.delivering():
        transcription_id = await home.done(
            "/hook?job=1&x=%2F&y=a+b",
            webhook_auth_header_name="X-Secret",
            webhook_auth_header_value="s3cret value",
        )
        assert await home.ended(transcription_id) == {
            "type": "delivery.succeeded",
            "kind": "outcome",
            "attempts": 1,
            "status": 200,
        }
    (got,) = home.got()
    assert (got.method, got.query) == ("POST", "job=1&x=%2F&y=a+b")
    assert got.headers["x-secret"] == "s3cret value"
    assert got.headers["content-type"] == "application/json"
    said = f'{{"transcript_id": "{transcription_id}", "status": "completed"}}'
    assert got.body == said.encode()


async def test_a_failed_transcription_is_told_as_error(home: House) -> None:
    async with home.delivering():
        transcription_id = await home.requested()
        await home.service.fail(transcription_id, "no audio")
        await home.ended(transcription_id)
    assert [json.loads(one.body)["status"] for one in home.got()] == ["error"]


async def test_without_a_webhook_nothing_is_owed(home: House) -> None:
    async with home.delivering():
        silent, _ = await home.service.submitted()
        await home.service.complete(silent, {"text": "x"})
        told = await home.done()
        await home.ended(told)
        await home.settled()
        assert await home.facts(silent) == []
    assert home.told() == [told]


async def test_what_the_receiver_said_is_shown_on_every_surface(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=201)
    async with home.delivering():
        transcription_id = await home.done()
        await home.ended(transcription_id)
    body = await home.shown(transcription_id)
    assert (body["status"], body["webhook_status_code"]) == ("completed", 201)
    native = await home.service.client.get(f"/api/v1/transcripts/{transcription_id}")
    assert native.json()["webhook_status_code"] == 201
    assert native.json()["webhook"] == {
        "outcome": "delivered",
        "address": home.url,
        "setting": None,
    }
    await home.service.projector.rebuild("all")
    await home.service.stand_still()
    await home.service.projector.catch_up()
    assert (await home.shown(transcription_id))["webhook_status_code"] == 201


async def test_a_receiver_that_fails_is_tried_again_and_the_last_answer_counts(
    home: House,
) -> None:
    def answer(delivery: Delivery) -> Reply:
        return Reply(status=(500, 503, 302, 204)[delivery.number - 1])

    home.receiver.answer = answer
    async with home.delivering():
        transcription_id = await home.done()
        ended = await home.ended(transcription_id)
    assert (ended["type"], ended["attempts"], ended["status"]) == ("delivery.succeeded", 4, 204)
    assert (await home.shown(transcription_id))["webhook_status_code"] == 204


async def test_between_attempts_is_the_spacing(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500 if delivery.number == 1 else 200)
    home.timing = replace(home.timing, spacing_ms=300)
    async with home.delivering():
        await home.ended(await home.done())
    first, second = home.got()
    assert 290 <= second.at_ms - first.at_ms < 5_000


@pytest.mark.parametrize("status", [400, 404, 410, 429])
async def test_after_a_4xx_there_is_no_other_attempt(home: House, status: int) -> None:
    home.receiver.answer = lambda delivery: Reply(status=status)
    async with home.delivering():
        transcription_id = await home.done()
        ended = await home.ended(transcription_id)
        await home.settled()
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("refused", 1, status)
    assert len(home.got()) == 1
    assert (await home.shown(transcription_id))["webhook_status_code"] == status


async def test_after_ten_attempts_it_is_given_up(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500)
    async with home.delivering():
        ended = await home.ended(await home.done())
        await home.settled()
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("exhausted", 10, 500)
    assert len(home.got()) == 10


async def test_a_redirect_is_not_followed(home: House) -> None:
    home.timing = replace(home.timing, attempts_max=3)
    home.receiver.answer = lambda delivery: Reply(
        status=307, headers={"Location": f"{home.url}/elsewhere"}
    )
    async with home.delivering():
        ended = await home.ended(await home.done())
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("exhausted", 3, 307)
    assert home.got("/elsewhere") == []


async def test_a_receiver_that_is_silent_has_no_status(home: House) -> None:
    home.timing = replace(home.timing, attempts_max=2, timeout_ms=100)
    home.receiver.answer = lambda delivery: Reply(wait_ms=60_000)
    async with home.delivering():
        transcription_id = await home.done()
        ended = await home.ended(transcription_id)
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("exhausted", 2, None)
    assert (await home.shown(transcription_id))["webhook_status_code"] is None


async def test_silence_does_not_hide_what_was_answered_before(home: House) -> None:
    home.timing = replace(home.timing, attempts_max=3)
    home.receiver.answer = lambda delivery: (
        Reply(status=500) if delivery.number == 1 else Reply(drop=True)
    )
    async with home.delivering():
        ended = await home.ended(await home.done())
    assert (ended["attempts"], ended["status"]) == (3, 500)


async def test_an_answer_of_any_size_counts_by_its_status(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(body=b"x" * 5_000_000)
    async with home.delivering():
        ended = await home.ended(await home.done())
    assert (ended["type"], ended["attempts"]) == ("delivery.succeeded", 1)


async def test_a_private_address_is_refused_by_the_guard(home: House) -> None:
    home.networks = ()
    with structlog.testing.capture_logs() as lines:
        async with home.delivering():
            transcription_id = await home.done()
            ended = await home.ended(transcription_id)
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("forbidden", 1, None)
    assert home.receiver.deliveries == ()
    assert (await home.shown(transcription_id))["webhook_status_code"] is None
    native = await home.service.client.get(f"/api/v1/transcripts/{transcription_id}")
    assert native.json()["webhook"] == {
        "outcome": "forbidden",
        "address": home.url,
        "setting": "STENOLOG_ALLOW_NETWORKS",
    }
    (line,) = [line for line in lines if line["event"] == "delivery.attempted"]
    assert (line["log_level"], line["setting"]) == ("warning", "STENOLOG_ALLOW_NETWORKS")
    assert "not allowed" in line["reason"]


async def test_a_name_that_leads_to_private_addresses_is_tried_as_often_as_any(
    home: House,
) -> None:
    """A name server that is wrong for a moment must not cost the customer the delivery."""
    home.networks = ()
    home.timing = replace(home.timing, attempts_max=3)
    with structlog.testing.capture_logs() as lines:
        async with home.delivering():
            ended = await home.ended(await home.done(base="http://localhost:9"))
    assert (ended["reason"], ended["attempts"], ended["status"]) == ("forbidden", 3, None)
    attempted = [line for line in lines if line["event"] == "delivery.attempted"]
    assert {line["setting"] for line in attempted} == {"STENOLOG_ALLOW_NETWORKS"}
    assert {line["receiver"] for line in attempted} == {"localhost:9"}


async def test_a_receiver_that_is_down_does_not_hold_the_others(home: House) -> None:
    down = Receiver(lambda delivery: Reply(wait_ms=60_000))
    async with home.delivering(), down.serve() as url:
        slow = [await home.done("/slow", url) for _ in range(ATTEMPTS_PER_LANE_MAX + 4)]
        await until(lambda: len(down.deliveries) == ATTEMPTS_PER_LANE_MAX)
        good = [await home.done() for _ in range(5)]
        for transcription_id in good:
            await home.ended(transcription_id)
        assert len(down.deliveries) == ATTEMPTS_PER_LANE_MAX, "no more than a lane's at a time"
        assert not any([await home.facts(one) for one in slow])
    assert sorted(home.told()) == sorted(good)


async def test_a_tenants_silent_receiver_does_not_hold_another_tenants_on_the_same_host(
    home: House,
) -> None:
    home.receiver.answer = lambda delivery: Reply(wait_ms=60_000 if delivery.path == "/slow" else 0)
    async with home.delivering():
        for _ in range(ATTEMPTS_PER_LANE_MAX + 1):
            await home.done("/slow")
        await until(lambda: len(home.got("/slow")) == ATTEMPTS_PER_LANE_MAX)
        home.service.client.headers["Authorization"] = await home.service.new_key("other")
        ended = await home.ended(await home.done())
    assert (ended["type"], ended["attempts"]) == ("delivery.succeeded", 1)


async def test_attempts_of_one_transcription_never_overlap(home: House) -> None:
    until_ms: dict[bytes, int] = {}
    overlapped = []

    def answer(delivery: Delivery) -> Reply:
        if delivery.at_ms < until_ms.get(delivery.body, 0):
            overlapped.append(delivery.number)
        until_ms[delivery.body] = delivery.at_ms + WAIT_MS
        status = 500 if home.told().count(id_of(delivery)) < 3 else 200
        return Reply(status=status, wait_ms=WAIT_MS)

    def id_of(delivery: Delivery) -> str:
        return str(json.loads(delivery.body)["transcript_id"])

    home.receiver.answer = answer
    async with home.delivering():
        ids = [await home.done() for _ in range(6)]
        for transcription_id in ids:
            await home.ended(transcription_id)
            position = (await home.facts(transcription_id))[0].previous
            numbers = [one.number for one in await home.work.attempts(position)]
            assert numbers == [1, 2, 3]
    assert not overlapped
    assert sorted(home.told()) == sorted(ids * 3)


async def test_a_log_line_for_each_attempt_names_neither_url_nor_header(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500 if delivery.number == 1 else 200)
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        async with home.delivering():
            transcription_id = await home.done(
                "/hook?token=verysecret",
                webhook_auth_header_name="X-Secret",
                webhook_auth_header_value="s3cret-value",
            )
            await home.ended(transcription_id)
    attempted = [line for line in lines if line["event"] == "delivery.attempted"]
    assert [
        (line["attempt"], line["outcome"], line["status"], line["retry_in_ms"])
        for line in attempted
    ] == [(1, "failed", 500, 1), (2, "delivered", 200, None)]
    assert all(line["transcription_id"] == transcription_id for line in attempted)
    assert all(line["correlation_id"] and line["took_ms"] >= 0 for line in attempted)
    assert [line["log_level"] for line in attempted] == ["warning", "info"]
    assert {line["receiver"] for line in attempted} == {home.url.removeprefix("http://")}
    assert attempted[0]["reason"] == "the receiver answered 500"
    assert [line["ended"] for line in attempted] == [None, "succeeded"]
    said = json.dumps(lines, default=str)
    for secret in ("verysecret", "s3cret-value", home.url, "X-Secret"):
        assert secret not in said


async def test_neither_url_nor_header_is_in_the_outbox(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(wait_ms=60_000)
    home.timing = replace(home.timing, timeout_ms=20_000)
    async with home.delivering():
        await home.done(
            "/hook?token=verysecret",
            webhook_auth_header_name="X-Secret",
            webhook_auth_header_value="s3cret-value",
        )
        await until(lambda: len(home.got()) == 1)
        files = [file.read_bytes() for file in home.directory.glob("work.db*")]
        home.receiver.answer = lambda delivery: Reply()
        await home.receiver.refuse_connections()
    for secret in (b"verysecret", b"s3cret-value", b"127.0.0.1", b"X-Secret"):
        assert not any(secret in content for content in files)


async def test_deliveries_and_attempts_are_counted(home: House) -> None:
    home.receiver.answer = lambda delivery: Reply(status=(500, 200, 404)[delivery.number - 1])
    async with home.delivering():
        await home.ended(await home.done())
        await home.settled()
        await home.ended(await home.done())
        await home.settled()
    assert home.service.counted("stenolog_delivery_attempts_total") == {
        '{outcome="failed"}': 1.0,
        '{outcome="delivered"}': 1.0,
        '{outcome="refused"}': 1.0,
    }
    assert home.service.counted("stenolog_deliveries_total") == {
        '{outcome="succeeded"}': 1.0,
        '{outcome="refused"}': 1.0,
    }
