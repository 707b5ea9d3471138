"""Events pushed to endpoints: which, how signed, in which order, and what follows a failure."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from stenolog.simulator.receiver import Reply
from tests.delivery.pushed import Pushed, pushed
from tests.house.waiting import eventually, until
from tests.pages import blocks
from tests.sdk.running import node


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Pushed]:
    async with pushed(tmp_path) as made:
        yield made


async def test_an_endpoint_gets_what_the_feed_shows_signed_and_in_order(home: Pushed) -> None:
    endpoint = await home.endpoint()
    await home.done()
    told = await home.feed()
    assert await home.come(len(told)) == told
    for one in home.got():
        Webhook(endpoint["secret"]).verify(one.body, dict(one.headers))
        assert one.headers["content-type"] == "application/cloudevents+json"
        assert one.headers["webhook-id"] == json.loads(one.body)["id"]


async def test_whoever_is_told_of_an_outcome_can_read_it(home: Pushed) -> None:
    await home.endpoint(types=["stenolog.transcription.completed"])
    await home.service.stand_still()
    transcription_id = await home.done()

    async def waits() -> bool:
        return (await home.service.stores.work.backlog(0)).deliveries == 1

    await eventually(waits)
    assert home.got() == []
    await home.service.follow()
    (event,) = await home.come(1)
    link = event["data"]["links"]["transcript"].replace("https://stenolog.example", "")
    assert (await home.service.client.get(link)).json()["id"] == transcription_id


async def test_types_are_filtered_and_previous_closes_the_row(home: Pushed) -> None:
    await home.endpoint("/some", types=["stenolog.transcription.completed"])
    for _ in range(3):
        await home.done()
    told = await home.feed(types="stenolog.transcription.completed")
    assert await home.come(3, "/some") == told
    assert [one["previous"] for one in told[1:]] == [one["sequence"] for one in told[:-1]]


async def test_headers_of_the_endpoint_are_sent_and_not_shown(home: Pushed) -> None:
    endpoint = await home.endpoint(headers={"X-Key": "s3cret"})
    assert endpoint["headers"] == ["X-Key"]
    await home.done()
    await home.come(1)
    assert home.got()[0].headers["x-key"] == "s3cret"


async def test_a_beginning_in_the_past_and_one_now(home: Pushed) -> None:
    await home.done()
    told = await home.feed()
    await home.endpoint("/all", start="beginning")
    await home.endpoint("/behind", start=int(told[1]["position"]))
    await home.endpoint("/now")
    await home.done()
    everything = await home.feed()
    assert await home.come(len(everything), "/all") == everything
    assert await home.come(len(everything) - 2, "/behind") == everything[2:]
    assert await home.come(len(everything) - len(told), "/now") == everything[len(told) :]


async def test_later_events_of_a_transcription_wait_for_its_retries_and_others_do_not(
    home: Pushed,
) -> None:
    first = await home.service.submit()
    await home.endpoint(start="beginning", types=["stenolog.transcription.*"])
    failing = {first}
    home.answers["/a"] = lambda one: Reply(
        status=500 if json.loads(one.body)["subject"] in failing else 200
    )
    await until(lambda: len(home.got()) >= 1)
    await home.service.claim(first)
    await home.service.accept(first)
    await home.service.complete(first, {"text": "x"})
    other = await home.done()
    await until(lambda: len(home.accepted().get(other, [])) == 2)
    assert len(home.accepted()[first]) == 1, "the second waits"
    failing.clear()
    await until(lambda: len(home.accepted()[first]) == 2)
    told = await home.feed(types="stenolog.transcription.*")
    assert home.accepted()[first] == [one["id"] for one in told if one["subject"] == first]


async def test_without_ordering_nothing_waits(home: Pushed) -> None:
    await home.endpoint(ordering="none", types=["stenolog.transcription.*"])
    home.answers["/a"] = lambda one: Reply(
        status=500 if b"transcription.requested" in one.body else 200
    )
    await home.done()
    await until(lambda: any(b"transcription.completed" in one.body for one in home.got()))


async def test_a_failure_is_tried_again_under_the_same_id_and_ends_in_the_log(home: Pushed) -> None:
    endpoint = await home.endpoint(types=["stenolog.transcription.completed"])
    home.answers["/a"] = lambda one: Reply(
        status=(404, 503, 200)[min(2, one.number - 1)], body=b"x" * 5_000
    )
    await home.done()
    await home.come(3)
    assert len({one.headers["webhook-id"] for one in home.got()}) == 1

    async def recorded() -> bool:
        return len(await home.service.events.read_stream(f"deliveries-{endpoint['id']}")) == 1

    await eventually(recorded)
    (fact,) = await home.service.events.read_stream(f"deliveries-{endpoint['id']}")
    assert (fact.type, fact.data["attempts"], fact.data["status"]) == ("delivery.succeeded", 3, 200)
    assert (fact.data["endpoint"], fact.data["round"], fact.sequence) == (endpoint["id"], 0, 0)
    answer = await home.service.client.get(f"/api/v1/endpoints/{endpoint['id']}/attempts?limit=2")
    page = answer.json()
    assert [one["status"] for one in page["items"]] == [200, 503]
    assert [one["retry_at"] is None for one in page["items"]] == [True, False]
    assert {len(one["answer"]) for one in page["items"]} == {2_048}
    rest = await home.service.client.get(
        f"/api/v1/endpoints/{endpoint['id']}/attempts?after={page['next']}"
    )
    assert [one["status"] for one in rest.json()["items"]] == [404]
    assert rest.json()["next"] is None


async def test_what_failed_is_recovered_under_the_same_ids(home: Pushed) -> None:
    endpoint = await home.endpoint(types=["stenolog.transcription.completed"])
    began = (await home.shown(endpoint))["created_at"]
    home.answers["/a"] = lambda one: Reply(status=500)
    for _ in range(3):
        await home.done()

    async def given_up() -> bool:
        return len(await home.service.events.read_stream(f"deliveries-{endpoint['id']}")) == 3

    await eventually(given_up)
    ids = {one.headers["webhook-id"] for one in home.got()}
    assert len(ids) == 3
    home.answers.clear()
    before = len(home.got())
    asked = await home.asked(endpoint, "recover", since=began)
    assert asked["round"] == 1
    await home.come(before + 3)
    again = home.got()[before:]
    assert {one.headers["webhook-id"] for one in again} == ids
    told = {one["id"]: one for one in await home.feed(types="stenolog.transcription.completed")}
    assert [json.loads(one.body) for one in again] == list(told.values())
    await eventually(lambda: ended(home, endpoint, 6))
    await home.asked(endpoint, "recover", since=began)
    await home.done()
    await home.come(before + 4)
    assert len(home.got()) == before + 4, "what has succeeded since is not sent again"


async def ended(home: Pushed, endpoint: dict[str, object], count: int) -> bool:
    """Whether so many deliveries have ended."""
    return len(await home.service.events.read_stream(f"deliveries-{endpoint['id']}")) == count


async def test_a_replay_has_new_ids_and_says_of_what(home: Pushed) -> None:
    endpoint = await home.endpoint(types=["stenolog.transcription.*"])
    await home.done()
    told = await home.feed(types="stenolog.transcription.*")
    await home.come(len(told))
    for number in (1, 2):
        asked = await home.asked(
            endpoint, "replay", start="beginning", types=["stenolog.transcription.completed"]
        )
        assert asked["round"] == number
        events = await home.come(len(told) + number)
        original = told[-1]
        expected = {**original, "id": f"{original['id']}-r{number}", "replayof": original["id"]}
        assert {**events[-1], "previous": ""} == {**expected, "previous": ""}
        assert home.got()[-1].headers["webhook-id"] == expected["id"]


async def test_two_410s_apart_disable_it_and_its_place_is_kept(home: Pushed) -> None:
    endpoint = await home.endpoint(types=["stenolog.transcription.completed"])
    home.answers["/a"] = lambda one: Reply(status=410)
    await home.done()

    async def disabled() -> bool:
        return (await home.shown(endpoint))["enabled"] is False

    await eventually(disabled)
    shown = await home.shown(endpoint)
    assert shown["disabled"]["reason"] == "gone"
    assert len(home.got()) == 2
    (event,) = await home.feed(types="stenolog.endpoint.disabled")
    assert (event["subject"], event["data"]["reason"]) == (endpoint["id"], "gone")
    await eventually(lambda: ended(home, endpoint, 1))
    (fact,) = await home.service.events.read_stream(f"deliveries-{endpoint['id']}")
    assert (fact.type, fact.data["reason"]) == ("delivery.failed", "disabled")
    missed = await home.done()
    home.answers.clear()
    changed = await home.service.client.patch(
        f"/api/v1/endpoints/{endpoint['id']}", json={"enabled": True}
    )
    assert changed.json()["enabled"] is True
    events = await home.come(3)
    assert events[-1]["subject"] == missed


async def test_what_is_pending_ends_at_once_though_calls_fail_while_it_is_disabled(
    home: Pushed,
) -> None:
    endpoint = await home.endpoint(ordering="none")
    home.answers["/a"] = lambda one: Reply(status=500, wait_ms=700)
    for _ in range(12):
        await home.done()
    told = await home.feed()
    await home.come(6)
    await home.service.client.patch(f"/api/v1/endpoints/{endpoint['id']}", json={"enabled": False})
    await eventually(lambda: ended(home, endpoint, len(told)))
    facts = await home.service.events.read_stream(f"deliveries-{endpoint['id']}", limit=200)
    assert {fact.data["reason"] for fact in facts} == {"disabled"}


async def test_one_410_is_a_bad_deployment(home: Pushed) -> None:
    endpoint = await home.endpoint(types=["stenolog.transcription.completed"])
    home.answers["/a"] = lambda one: Reply(status=410 if one.number == 1 else 200)
    await home.done()
    await home.come(2)
    await eventually(lambda: ended(home, endpoint, 1))
    assert (await home.shown(endpoint))["enabled"] is True


async def test_a_deleted_endpoint_gets_nothing_more(home: Pushed) -> None:
    endpoint = await home.endpoint()
    other = await home.endpoint("/other")
    await home.done()
    told = await home.feed()
    await home.come(len(told))
    path = f"/api/v1/endpoints/{endpoint['id']}"
    assert (await home.service.client.delete(path)).status_code == 204
    assert (await home.service.client.get(path)).status_code == 404
    await home.done()
    await home.come(2 * len(told), "/other")
    assert len(home.got()) == len(told)
    listed = (await home.service.client.get("/api/v1/endpoints")).json()["items"]
    assert [one["id"] for one in listed] == [other["id"]]


async def test_a_rate_is_kept(home: Pushed) -> None:
    await home.endpoint(rate_per_second=20, types=["stenolog.transcription.completed"])
    for _ in range(6):
        await home.done()
    await home.come(6)
    first, last = home.got()[0], home.got()[-1]
    assert last.at_ms - first.at_ms >= 200, "five waits of 50 ms; a clock may be a little off"


async def test_the_sample_is_signed_and_says_what_came_of_it(home: Pushed) -> None:
    endpoint = await home.endpoint()
    home.answers["/a"] = lambda one: Reply(status=202, body=b"thanks")
    said = await home.asked(endpoint, "test")
    assert (said["status"], said["answer"], said["outcome"]) == (202, "thanks", "delivered")
    (got,) = home.got()
    Webhook(endpoint["secret"]).verify(got.body, dict(got.headers))
    assert json.loads(got.body)["type"] == "stenolog.endpoint.test"
    assert got.headers["webhook-id"] == said["message_id"]


@pytest.mark.parametrize("types", [5, True, {"a": 1}, "stenolog.*", [5], []])
async def test_types_that_are_none_are_refused(home: Pushed, types: object) -> None:
    answer = await home.service.client.post(
        "/api/v1/endpoints", json={"url": f"{home.url}/a", "types": types}
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "types"


async def test_the_beginning_of_a_long_answer_is_kept_without_what_was_secret(home: Pushed) -> None:
    endpoint = await home.endpoint(headers={"Authorization": "Bearer s3cret", "X-Env": "a"})
    long = Reply(status=500, body=b"got Bearer s3cret: a " + b"x" * 40_000)
    home.answers["/a"] = lambda one: long
    said = await home.asked(endpoint, "test")
    assert said["answer"].startswith("got ***: a xxx")
    assert len(said["answer"]) == 2_048
    await home.done()
    await home.come(2)

    async def kept() -> list[str]:
        path = f"/api/v1/endpoints/{endpoint['id']}/attempts"
        return [one["answer"] for one in (await home.service.client.get(path)).json()["items"]]

    async def is_kept() -> bool:
        return bool(await kept())

    await eventually(is_kept)
    assert {one[:14] for one in await kept()} == {"got ***: a xxx"}


async def test_samples_leave_connections_to_deliveries(home: Pushed) -> None:
    endpoint = await home.endpoint()
    home.answers["/a"] = lambda one: Reply(wait_ms=300)
    path = f"/api/v1/endpoints/{endpoint['id']}/test"
    asked = await asyncio.gather(*(home.service.client.post(path) for _ in range(20)))
    assert {one.status_code for one in asked} == {200, 503}
    assert 1 <= len(home.got()) <= 8


async def test_a_rotated_secret_overlaps(home: Pushed) -> None:
    endpoint = await home.endpoint(asymmetric=True)
    rotated = await home.asked(endpoint, "rotate")
    assert rotated["public_key"] == endpoint["public_key"]
    await home.asked(endpoint, "test")
    (got,) = home.got()
    Webhook(endpoint["secret"]).verify(got.body, dict(got.headers))
    Webhook(rotated["secret"]).verify(got.body, dict(got.headers))


async def test_deliveries_cause_no_deliveries(home: Pushed) -> None:
    endpoint = await home.endpoint()
    await home.done()
    told = await home.feed()
    await home.come(len(told))
    await eventually(lambda: ended(home, endpoint, len(told)))
    assert await home.feed() == told
    assert len(home.got()) == len(told)


async def test_the_documents_programs_take_what_is_ours_alone(home: Pushed, tmp_path: Path) -> None:
    endpoint = await home.endpoint()
    await home.asked(endpoint, "test")
    (got,) = home.got()
    (program,) = [one for one in blocks("EVENTS.md", "python") if "# verify_event.py" in one]
    verifying: dict[str, Any] = {}
    exec(program, verifying)
    taken = verifying["event_of"](endpoint["secret"], dict(got.headers), got.body)
    assert taken == json.loads(got.body)
    with pytest.raises(WebhookVerificationError):
        verifying["event_of"](endpoint["secret"], dict(got.headers), got.body + b" ")
    (program,) = [one for one in blocks("EVENTS.md", "js") if "// verify_event.mjs" in one]
    (tmp_path / "verify_event.mjs").write_text(program)
    (tmp_path / "try.mjs").write_text(
        'import { eventOf } from "./verify_event.mjs";\n'
        "const [secret, headers, body] = JSON.parse(process.argv[2]);\n"
        "const said = [eventOf(secret, headers, body).type];\n"
        'try { eventOf(secret, headers, body + " "); said.push("taken"); }\n'
        'catch { said.push("refused"); }\n'
        'console.log(said.join(" "));\n'
    )
    given = json.dumps([endpoint["secret"], dict(got.headers), got.body.decode()])
    said = await asyncio.to_thread(
        subprocess.run,
        [node(), str(tmp_path / "try.mjs"), given],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "stenolog.endpoint.test refused\n"
