"""Callbacks: AssemblyAI's body, headers and rules, and the ways in which they go wrong."""

from __future__ import annotations

import json

import pytest

from stenolog.egress.client import Egress
from stenolog.errors import ForbiddenAddress
from stenolog.simulator.assemblyai.behaviour import LYING, MISSING, Behaviour, Callback
from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import LOOPBACK, Simulator, resolve_here
from stenolog.simulator.receiver import Delivery, Reply
from tests.simulator.conftest import AUDIO, KEY, Bench, until


async def test_a_finished_job_calls_back_once_as_the_service_does(bench: Bench) -> None:
    job_id = await bench.created(
        webhook_url=bench.hook,
        webhook_auth_header_name="X-Token",
        webhook_auth_header_value="secret",
    )
    await until(lambda: bench.simulator.callbacks_sent)
    (got,) = bench.receiver.deliveries
    assert got.body == f'{{"transcript_id": "{job_id}", "status": "completed"}}'.encode()
    assert (got.method, got.path, got.query) == ("POST", "/hook", "job=1")
    assert got.headers["x-token"] == "secret"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("python-requests/")
    assert (await bench.read(job_id))["webhook_status_code"] == 200


async def test_a_failed_job_says_error(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(error="No.")
    await bench.created(webhook_url=bench.hook)
    await until(lambda: bench.receiver.deliveries)
    assert json.loads(bench.receiver.deliveries[0].body)["status"] == "error"


async def test_a_4xx_ends_delivery_and_a_5xx_or_silence_is_retried(bench: Bench) -> None:
    statuses = {"/gone": [Reply(status=404)], "/down": [Reply(status=503), Reply(drop=True)]}

    def answer(delivery: Delivery) -> Reply:
        left = statuses.get(delivery.path, [])
        return left.pop(0) if left else Reply(status=204)

    bench.receiver.answer = answer
    root = bench.hook.split("/hook")[0]
    gone = await bench.created(webhook_url=f"{root}/gone")
    down = await bench.created(webhook_url=f"{root}/down")
    await until(lambda: len(bench.simulator.callbacks_sent) == 4)
    assert [sent.status for sent in bench.simulator.callbacks_sent if sent.job_id == gone] == [404]
    tried = [sent for sent in bench.simulator.callbacks_sent if sent.job_id == down]
    assert [sent.status for sent in tried] == [503, None, 204]
    assert [sent.attempt for sent in tried] == [1, 2, 3]
    assert (await bench.read(down))["webhook_status_code"] == 204


async def test_attempts_end(bench: Bench) -> None:
    bench.receiver.answer = lambda delivery: Reply(status=500)
    job_id = await bench.created(webhook_url=bench.hook)
    await until(lambda: len(bench.simulator.callbacks_sent) == 3)
    later = await bench.created()
    await bench.finished(later)
    assert len(bench.receiver.deliveries) == 3
    assert (await bench.read(job_id))["webhook_status_code"] == 500


async def test_a_receiver_that_is_too_slow_is_tried_again(bench: Bench) -> None:
    bench.receiver.answer = lambda delivery: Reply(wait_ms=60_000 if delivery.number == 1 else 0)
    rules = DeliveryRules(attempts_max=9, spacing_ms=1, timeout_ms=100)
    hurried = Simulator(api_key=KEY, rules=rules, behave=lambda body: Behaviour(run_ms=0))
    async with hurried.serve() as url:
        body = {"audio_url": AUDIO, "webhook_url": bench.hook}
        await bench.client.post(f"{url}/v2/transcript", json=body)
        await until(lambda: 200 in [sent.status for sent in hurried.callbacks_sent])
    assert hurried.callbacks_sent[0].status is None


async def test_an_endpoint_in_a_private_network_is_not_called(bench: Bench) -> None:
    await bench.created(webhook_url="http://169.254.169.254/hook")
    await until(lambda: bench.simulator.callbacks_sent)
    assert bench.simulator.callbacks_sent[0].status is None


async def test_redacted_audio_has_a_second_callback_without_an_id(bench: Bench) -> None:
    await bench.created(
        webhook_url=bench.hook,
        redact_pii=True,
        redact_pii_policies=["person_name"],
        redact_pii_audio=True,
    )
    await until(lambda: len(bench.receiver.deliveries) == 2)
    bodies = [json.loads(delivery.body) for delivery in bench.receiver.deliveries]
    (second,) = [body for body in bodies if "transcript_id" not in body]
    assert second["status"] == "redacted_audio_ready"
    assert second["redacted_audio_url"].startswith(bench.base_url)


async def test_callbacks_can_be_missing_late_doubled_and_lying(bench: Bench) -> None:
    days = {
        "https://a/missing": Behaviour(callbacks=MISSING),
        "https://a/late": Behaviour(run_ms=0, callbacks=(Callback(after_ms=600),)),
        "https://a/doubled": Behaviour(callbacks=(Callback(times=3),)),
        "https://a/lying": Behaviour(never_ends=True, callbacks=(LYING, Callback())),
        "https://a/odd": Behaviour(callbacks=(Callback(body=b"\xff", retried=False),)),
    }
    bench.simulator.behave = lambda body: days[str(body["audio_url"])]
    ids = {
        url: await bench.created(audio_url=url, webhook_url=f"{bench.hook}&{url[10:]}")
        for url in days
    }
    await until(lambda: len(bench.receiver.deliveries) == 6)
    got = [delivery.query.split("&")[1] for delivery in bench.receiver.deliveries]
    assert sorted(got) == ["doubled", "doubled", "doubled", "late", "lying", "odd"]
    assert got[-1] == "late"
    lie = next(d for d in bench.receiver.deliveries if d.query.endswith("lying"))
    assert json.loads(lie.body)["status"] == "completed"
    assert (await bench.read(ids["https://a/lying"]))["status"] == "processing"
    assert (await bench.read(ids["https://a/missing"]))["webhook_status_code"] is None


async def test_callbacks_of_two_jobs_can_come_in_the_other_order(bench: Bench) -> None:
    days = {
        "https://a/first": Behaviour(run_ms=0, callbacks=(Callback(after_ms=400),)),
        "https://a/second": Behaviour(run_ms=0),
    }
    bench.simulator.behave = lambda body: days[str(body["audio_url"])]
    for url in days:
        await bench.created(audio_url=url, webhook_url=f"{bench.hook}&{url[10:]}")
    await until(lambda: len(bench.receiver.deliveries) == 2)
    order = [delivery.query.split("&")[1] for delivery in bench.receiver.deliveries]
    assert order == ["second", "first"]


async def test_a_test_can_call_back_by_hand(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(never_ends=True)
    job_id = await bench.created(webhook_url=bench.hook)
    assert await bench.simulator.send(job_id, Callback(status="completed")) == 200
    assert json.loads(bench.receiver.deliveries[0].body) == {
        "transcript_id": job_id,
        "status": "completed",
    }


@pytest.mark.parametrize("host", ["1.1.1.1", "93.184.216.34", "[2606:4700:4700::1111]", "10.0.0.1"])
async def test_by_default_nothing_is_sent_to_another_machine(host: str) -> None:
    egress = Egress(LOOPBACK, resolve=resolve_here)
    try:
        with pytest.raises(ForbiddenAddress):
            await egress.request("GET", f"http://{host}/", timeout_ms=2_000, answer_bytes_max=1)
    finally:
        await egress.aclose()


def test_by_default_no_name_server_is_asked() -> None:
    assert set(resolve_here("localhost", 80)) <= {"127.0.0.1", "::1"}
    for name in ("hooks.example.com", "localhost.example.com"):
        with pytest.raises(OSError, match="not on this machine"):
            resolve_here(name, 80)


async def test_a_callback_comes_to_this_machine_by_its_name(bench: Bench) -> None:
    await bench.created(webhook_url=bench.hook.replace("127.0.0.1", "localhost"))
    await until(lambda: bench.simulator.callbacks_sent)
    assert bench.simulator.callbacks_sent[0].status == 200
