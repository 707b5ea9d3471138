"""The process that projects long transcripts is killed under a running gateway."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import urllib.request
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from time import monotonic, sleep

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.receiver import Receiver
from stenolog.simulator.threaded import ThreadedReceiver, ThreadedSimulator
from stenolog.stores.files.directory import LOG
from tests.faults.killed import LOOK_S, PATIENCE_S, Killed, gateway

AN_HOUR_S = 3_600.0
INTERRUPTED = "stenolog_projection_interrupted 1.0"


def side_processes(parent: int) -> list[int]:
    """The ids of the processes that this one has spawned."""
    found = []
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


def is_completed(log: Path) -> bool:
    """Whether the answer is in the log; another side process has read it before."""
    with contextlib.closing(sqlite3.connect(f"{log.as_uri()}?mode=ro", uri=True)) as reader:
        query = "SELECT count(*) FROM events WHERE type = 'transcription.completed'"
        return bool(reader.execute(query).fetchone()[0])


def kill_side_processes(parent: int, log: Path, until: Flag) -> None:
    """Kill each as soon as the answer is in the log."""
    while not until.is_set() and not is_completed(log):
        sleep(0.001)
    while not until.is_set():
        for child in side_processes(parent):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        sleep(0.001)


def metrics(killed: Killed) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{killed.port}/metrics") as answer:
        return bytes(answer.read()).decode()


def status(killed: Killed, identifier: str) -> object:
    answer = killed.ask("GET", f"/v2/transcript/{identifier}")
    return None if answer is None else answer[1]["status"]


@pytest.mark.timeout(120)
def test_a_long_transcript_is_completed_whatever_kills_the_process_that_projects_it(
    tmp_path: Path,
) -> None:
    long = Behaviour(queued_ms=0, run_ms=40, seconds=AN_HOUR_S)
    provider = ThreadedSimulator(Simulator(behave=lambda body: long))
    customer = ThreadedReceiver(Receiver())
    with provider, customer, gateway(tmp_path / "killed", provider.base_url) as killed:
        killed.start()
        enough = Flag()
        identifier = killed.submit(webhook_url=f"{customer.base_url}/hook")
        killing = Thread(target=kill_side_processes, args=(killed.pid, killed.data / LOG, enough))
        killing.start()
        try:
            deadline = monotonic() + PATIENCE_S
            while INTERRUPTED not in metrics(killed):
                assert status(killed, identifier) in {None, "queued", "processing"}
                assert monotonic() < deadline, killed.output()
                sleep(LOOK_S)
        finally:
            enough.set()
            killing.join()
        assert customer.receiver.deliveries == ()
        assert killed.wait(identifier)["status"] == "completed", killed.output()
        deadline = monotonic() + PATIENCE_S
        while not customer.receiver.deliveries:
            assert monotonic() < deadline, killed.output()
            sleep(LOOK_S)
        killed.stop()
        killed.verified()
    (told,) = customer.receiver.deliveries
    assert json.loads(told.body) == {"transcript_id": identifier, "status": "completed"}
