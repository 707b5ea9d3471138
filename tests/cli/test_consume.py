"""`stenolog consume` runs a command for each event, and `stenolog listen` posts each, signed."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from stenolog.simulator.receiver import Receiver
from tests.house.composed import Composed, composed
from tests.house.waiting import DEADLINE_S, eventually, until
from tests.http.asking import get

CONSUMER = "/api/v1/consumers/mine"
# Fails at the first attempt of each event whose number is even, and writes down what it was given.
COMMAND = """
import json, os, sys
event = json.loads(sys.stdin.read())
attempt = int(os.environ["STENOLOG_EVENT_ATTEMPT"])
assert attempt == event["attempt"] and os.environ["STENOLOG_EVENT_ID"] == event["id"]
done = attempt > 1 or int(event["sequence"]) % 2
with open(sys.argv[1], "a") as out:
    out.write(f'{event["subject"]} {attempt} {"done" if done else "failed"}\\n')
sys.exit(0 if done else 3)
"""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path / "data") as running:
        yield running


async def started(service: Composed, *words: str) -> asyncio.subprocess.Process:
    given = ("--url", service.url, "--api-key", service.key)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stenolog", *words, *given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process) -> tuple[str, str]:
    out, said = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    return out.decode(), said.decode()


async def test_each_event_is_done_and_what_fails_is_done_again(
    service: Composed, tmp_path: Path
) -> None:
    made = [await service.submit() for _ in range(4)]
    await service.projected()
    script, told = tmp_path / "script.py", tmp_path / "told"
    script.write_text(COMMAND)
    run = shlex.join([sys.executable, str(script), str(told)])
    begin = ("--from", "beginning", "--type", "transcription.*")
    process = await started(service, "consume", "mine", "--exec", run, "--workers", "2", *begin)

    async def all_done() -> bool:
        answer = await service.client.get(CONSUMER)
        return answer.status_code == 200 and answer.json()["lag_events"] == 0

    await eventually(all_done)
    process.terminate()
    _, said = await ended(process)
    lines = [line.split() for line in told.read_text().splitlines()]
    done = [subject for subject, _, how in lines if how == "done"]
    assert sorted(done) == sorted(made)
    assert sorted(subject for subject, *_, how in lines if how == "failed") == sorted(made[1::2])
    assert "exit status 3; again in 1 s" in said


async def test_an_unknown_consumer_is_refused_and_once_ends(service: Composed) -> None:
    process = await started(service, "consume", "mine", "--exec", "cat")
    _, said = await ended(process)
    assert (process.returncode, "no consumer of this name" in said) == (1, True)
    await service.submit()
    await service.projected()
    process = await started(
        service, "consume", "mine", "--exec", "cat", "--from", "beginning", "--once", "--payload"
    )
    out, _ = await ended(process)
    assert process.returncode == 0
    assert json.loads(out)["data"]["payload_reason"] == "none"


async def test_a_command_that_takes_too_long_is_ended(service: Composed) -> None:
    await service.submit()
    await service.projected()
    slow = ("--exec", "sleep 1000", "--timeout", "1", "--from", "beginning", "--once")
    process = await started(service, "consume", "mine", *slow)
    _, said = await ended(process)
    assert process.returncode == 0
    assert "took over 1 s; again in 1 s" in said
    assert (await get(service, CONSUMER))["open"] == 1


async def test_events_are_posted_to_a_program_of_ones_own_and_signed(service: Composed) -> None:
    receiver = Receiver()
    async with receiver.serve() as base_url:
        process = await started(service, "listen", "--forward-to", f"{base_url}/hook")
        assert process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            secret = (await process.stdout.readline()).decode().split()[1]
            transcription_id = await service.submit()
            line = (await process.stdout.readline()).decode()
        assert f"stenolog.transcription.requested {transcription_id}: 200" in line
        await until(lambda: len(receiver.deliveries) == 1)
        [delivery] = receiver.deliveries
        event = Webhook(secret).verify(delivery.body, dict(delivery.headers))
        assert event["subject"] == transcription_id
        assert delivery.headers["content-type"] == "application/cloudevents+json"
        process.terminate()
        await ended(process)
    process = await started(service, "listen", "--forward-to", "localhost")
    _, said = await ended(process)
    assert (process.returncode, "--forward-to" in said) == (2, True)
