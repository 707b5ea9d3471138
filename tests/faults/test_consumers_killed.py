"""The gateway killed under its workers: nothing acknowledged comes again, nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.faults.killed import LOOK_S, PATIENCE_S, Killed, gateway

CONSUMER = "/api/v1/consumers/workers"
TRANSCRIPTIONS, WORKERS, DEATHS = 16, 3, 3
LEASE_MS = 1_000


class Book:
    """What the workers know, all together."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.certain: list[int] = []  # positions whose acknowledgement was answered
        self.problems: list[str] = []
        self.given = 0

    def take(self, items: list[Mapping[str, object]]) -> None:
        with self.lock:
            self.given += len(items)
            for item in items:
                if int(str(item["position"])) in self.certain:
                    self.problems.append(f"given again though it was acknowledged: {item}")

    def done(self, items: list[Mapping[str, object]], count: object) -> None:
        with self.lock:
            if count != len(items):
                self.problems.append(f"{count} of {len(items)} were acknowledged")
            self.certain += [int(str(item["position"])) for item in items]


def post(killed: Killed, what: str, **body: object) -> tuple[int, Mapping[str, object]] | None:
    return killed.ask("POST", f"{CONSUMER}/{what}", json.dumps(body).encode())


def work(killed: Killed, book: Book, ended: threading.Event) -> None:
    """What one worker does; an answer that never came leaves its batch to the end of the lease."""
    while not ended.is_set():
        answer = post(killed, "claim", limit=2, lease_ms=LEASE_MS, wait_ms=100)
        if answer is None or answer[0] != 200 or not answer[1]["lease"]:
            sleep(LOOK_S)
            continue
        batch = answer[1]
        items = batch["items"]
        assert isinstance(items, list)
        book.take(items)
        acknowledged = post(killed, "ack", lease=batch["lease"])
        if acknowledged is not None and acknowledged[0] == 200:
            book.done(items, acknowledged[1]["acknowledged"])


def state(killed: Killed) -> Mapping[str, object]:
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        answer = killed.ask("GET", CONSUMER)
        if answer is not None:
            assert answer[0] == 200, answer
            return answer[1]
        killed.revive()
        sleep(LOOK_S)
    raise AssertionError(f"no answer in time: {killed.output()}")


@pytest.mark.timeout(120)
def test_what_is_acknowledged_stays_so_however_often_the_gateway_is_killed(tmp_path: Path) -> None:
    book, ended = Book(), threading.Event()
    with gateway(tmp_path / "killed", None) as killed:
        killed.start()
        for _ in range(TRANSCRIPTIONS):
            killed.submit()
        made = killed.ask("PUT", CONSUMER, b'{"types": ["stenolog.transcription.requested"]}')
        assert made is not None
        assert made[0] == 201
        workers = [
            threading.Thread(target=work, args=(killed, book, ended)) for _ in range(WORKERS)
        ]
        for worker in workers:
            worker.start()
        try:
            for number in range(1, DEATHS + 1):
                deadline = monotonic() + PATIENCE_S
                while len(book.certain) < number * 3 and monotonic() < deadline:
                    sleep(LOOK_S / 10)
                killed.kill()
                killed.start()
                state(killed)
            deadline = monotonic() + PATIENCE_S
            while state(killed)["lag_events"] and monotonic() < deadline:
                sleep(LOOK_S)
        finally:
            ended.set()
            for worker in workers:
                worker.join()
        assert not book.problems, book.problems
        assert len(set(book.certain)) == len(book.certain) <= TRANSCRIPTIONS <= book.given
        # An acknowledgement whose answer was lost may be in the books all the same: of each death.
        assert TRANSCRIPTIONS - len(book.certain) <= DEATHS * WORKERS * 2
        shown = state(killed)
        assert (shown["open"], shown["lag_events"]) == (0, 0)
        killed.stop()
