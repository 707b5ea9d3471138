"""Each bad day does what it says."""

from __future__ import annotations

import anyio
import httpx
import pytest

from stenolog.simulator.assemblyai import behaviour as bad
from stenolog.simulator.assemblyai.behaviour import Behaviour, Fault
from stenolog.simulator.assemblyai.provider import Simulator
from tests.simulator.conftest import AUDIO, KEY, WAIT_S_MAX, Bench, until


def slow_after(seconds: float) -> httpx.Timeout:
    """Too long for an answer; connecting may take its time on a busy machine."""
    return httpx.Timeout(WAIT_S_MAX, read=seconds)


async def test_a_lost_reply_leaves_a_job(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(lost_reply=True)
    with pytest.raises(httpx.RemoteProtocolError):
        await bench.create()
    (job,) = bench.simulator.jobs
    assert (job.request.audio_url, bench.simulator.creates[0].job_id) == (AUDIO, job.id)
    await until(lambda: bench.simulator.creates[0].status == -1)


async def test_a_held_reply_waits_while_the_callback_goes_out(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(run_ms=0, held_reply_ms=60_000)
    ids: list[str] = []

    async def create() -> None:
        ids.append(await bench.created(webhook_url=bench.hook))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(create)
        await until(lambda: bench.receiver.deliveries)
        assert ids == []
        await bench.simulator.release()
    assert ids == [bench.simulator.jobs[0].id]


async def test_a_held_reply_goes_out_after_its_time(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(held_reply_ms=50)
    assert await bench.created()


async def test_a_job_can_be_late_in_lists() -> None:
    now_ms = [1_000_000]
    simulator = Simulator(
        api_key=KEY, behave=lambda body: Behaviour(listed_after_ms=200), now_ms=lambda: now_ms[0]
    )
    async with (
        simulator.serve() as url,
        httpx.AsyncClient(base_url=url, headers={"Authorization": KEY}, verify=False) as client,
    ):
        job_id = (await client.post("/v2/transcript", json={"audio_url": AUDIO})).json()["id"]
        for later_ms, listed in ((199, []), (200, [job_id])):
            now_ms[0] = 1_000_000 + later_ms
            rows = (await client.get("/v2/transcript")).json()["transcripts"]
            assert [row["id"] for row in rows] == listed
            assert (await client.get(f"/v2/transcript/{job_id}")).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (bad.SERVER_ERROR, 500, b'{"error": "Internal Server Error"}'),
        (bad.BAD_GATEWAY, 502, b"bad gateway"),
        (bad.UNAVAILABLE, 503, b'{"error": "Service unavailable"}'),
        (bad.UNAVAILABLE_PAGE, 503, b"Service unavailable"),
        (bad.UNAUTHENTICATED, 401, b'{"error": "Authentication error, API token missing/invalid"}'),
        (bad.too_many_requests(7), 429, b'{"error": "Too Many Requests"}'),
        (bad.MALFORMED, 200, b'{"id": "cut off'),
        (bad.WEB_PAGE, 200, b"<html>maintenance</html>"),
        (Fault(status=200, body=b"{}", wait_ms=20), 200, b"{}"),
    ],
)
async def test_a_fault_is_answered_once_and_makes_no_job(
    bench: Bench, fault: Fault, status: int, body: bytes
) -> None:
    bench.simulator.behave = lambda _: Behaviour(create_faults=(fault,))
    first = await bench.create()
    assert (first.status_code, first.content) == (status, body)
    assert first.headers.get("retry-after") == ("7" if status == 429 else None)
    assert bench.simulator.jobs == ()
    assert (await bench.create()).json()["status"] == "queued"
    assert [seen.status for seen in bench.simulator.creates] == [status, 200]


async def test_reads_fail_as_often_as_they_are_told(bench: Bench) -> None:
    faults = (bad.SERVER_ERROR, bad.DROPPED)
    bench.simulator.behave = lambda body: Behaviour(run_ms=0, read_faults=faults)
    job_id = await bench.created()
    assert (await bench.client.get(f"/v2/transcript/{job_id}")).status_code == 500
    with pytest.raises(httpx.RemoteProtocolError):
        await bench.client.get(f"/v2/transcript/{job_id}")
    assert (await bench.read(job_id))["status"] == "completed"


async def test_an_outage_is_everywhere_until_it_ends(bench: Bench) -> None:
    job_id = await bench.created()
    bench.simulator.outage = bad.UNAVAILABLE
    for path in ("/v2/transcript", f"/v2/transcript/{job_id}"):
        assert (await bench.client.get(path)).status_code == 503
    bench.simulator.outage = bad.HANGING
    with pytest.raises(httpx.ReadTimeout):
        await bench.client.get("/v2/transcript", timeout=slow_after(0.1))
    bench.simulator.outage = None
    assert (await bench.read(job_id))["id"] == job_id


async def test_connections_are_refused_and_taken_again_on_the_same_port(bench: Bench) -> None:
    # The job must not end before nobody listens.
    bench.simulator.behave = lambda body: Behaviour(run_ms=1_000)
    job_id = await bench.created(webhook_url=bench.hook)
    await bench.simulator.refuse_connections()
    await bench.receiver.refuse_connections()
    with pytest.raises(httpx.ConnectError):
        await bench.client.get("/v2/transcript")
    await until(lambda: bench.simulator.callbacks_sent)
    assert bench.simulator.callbacks_sent[0].status is None
    await bench.simulator.accept_connections()
    await bench.receiver.accept_connections()
    assert (await bench.finished(job_id))["status"] == "completed"


async def test_a_job_that_never_ends_stays_processing(bench: Bench) -> None:
    bench.simulator.behave = lambda body: Behaviour(never_ends=True, queued_ms=0)
    job_id = await bench.created(webhook_url=bench.hook)
    other = await bench.created()
    bench.simulator.behave = lambda body: Behaviour(run_ms=0)
    await bench.finished(await bench.created())
    assert {(await bench.read(i))["status"] for i in (job_id, other)} == {"processing"}
    assert bench.simulator.callbacks_sent == ()


async def test_a_job_is_queued_then_processing_then_done() -> None:
    now_ms = [1_000_000]
    simulator = Simulator(
        api_key=KEY,
        behave=lambda body: Behaviour(queued_ms=10, run_ms=30, expires_ms=50),
        now_ms=lambda: now_ms[0],
    )
    async with (
        simulator.serve() as url,
        httpx.AsyncClient(base_url=url, headers={"Authorization": KEY}, verify=False) as client,
    ):
        created = await client.post("/v2/transcript", json={"audio_url": AUDIO})
        path = f"/v2/transcript/{created.json()['id']}"
        seen = [created.json()["status"]]
        for later_ms in (9, 10, 29, 30, 79):
            now_ms[0] = 1_000_000 + later_ms
            seen.append((await client.get(path)).json()["status"])
        assert seen == ["queued", "queued", "processing", "processing", "completed", "completed"]
        now_ms[0] = 1_000_080
        assert (await client.get(path)).status_code == 400
        assert (await client.get("/v2/transcript")).json()["transcripts"] == []


async def test_jobs_survive_a_restart_of_the_server() -> None:
    simulator = Simulator(api_key=KEY)
    async with httpx.AsyncClient(headers={"Authorization": KEY}, verify=False) as client:
        async with simulator.serve() as url:
            created = await client.post(f"{url}/v2/transcript", json={"audio_url": AUDIO})
        async with simulator.serve() as url:
            again = await client.get(f"{url}/v2/transcript/{created.json()['id']}")
    assert again.status_code == 200


async def test_every_answer_can_be_slow(bench: Bench) -> None:
    bench.simulator.latency_ms = 300
    with pytest.raises(httpx.ReadTimeout):
        await bench.client.get("/v2/transcript", timeout=slow_after(0.05))
    bench.simulator.latency_ms = 1
    assert (await bench.client.get("/v2/transcript")).status_code == 200


async def test_a_client_that_goes_away_in_an_upload_leaves_none(bench: Bench) -> None:
    port = int(bench.base_url.rsplit(":", 1)[1])
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        head = f"POST /v2/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY}\r\n"
        await stream.send(f"{head}Content-Length: 100\r\n\r\nhalf".encode())
        await until(lambda: bench.simulator.requests)
    await until(lambda: bench.simulator.requests[0].status == -1)
    assert bench.simulator.uploads == ()


async def test_a_stopped_simulator_is_stopped_at_once() -> None:
    simulator = Simulator(api_key=KEY, behave=lambda body: Behaviour(held_reply_ms=60_000))
    with anyio.fail_after(20):  # far less than the reply is held
        async with simulator.serve() as url, anyio.create_task_group() as tasks:

            async def create() -> None:
                headers = {"Authorization": KEY}
                async with httpx.AsyncClient(base_url=url, headers=headers, verify=False) as client:
                    await client.post("/v2/transcript", json={"audio_url": AUDIO}, timeout=60)

            tasks.start_soon(create)
            await until(lambda: simulator.jobs)
            tasks.cancel_scope.cancel()
