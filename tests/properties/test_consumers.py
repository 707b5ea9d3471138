"""Competing workers, of whom any may die: each event is acknowledged once, each stream in order."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.feed.consumers.books import Claim, LeaseEnded, Open, TakenIn, Wanted
from stenolog.log.format import UNBOUND
from stenolog.stores.sqlite.file.schema import run_step
from stenolog.stores.sqlite.work import consumer_statements as statements
from stenolog.stores.sqlite.work.schema import WORK

WHO = ("tenant", "consumer")
LEASE_MS, EVENTS, STREAMS = 100, 24, 5
KINDS = ("claim", "claim", "ack", "ack", "half", "release", "die", "tick", "late")
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 7), st.integers(1, 6)), max_size=60
)


@contextlib.contextmanager
def books() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as run:
        for number in range(1, len(WORK.steps) + 1):
            run_step(run, WORK, number, UNBOUND)
        statements.put(run, *WHO, types=None, epoch="1", begin_at=0, now_ms=0)
        yield run


@dataclass(slots=True)
class Worker:
    """Who holds a lease, until when, and on what."""

    lease: str
    until_ms: int
    events: list[Open]


@dataclass(slots=True)
class Played:
    """The books, and everybody who works with them."""

    run: sqlite3.Connection
    streams: list[int]
    now_ms: int = 0
    taken: int = 0
    leases: int = 0
    workers: list[Worker] = field(default_factory=list)
    slow: list[Worker] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    def play(self, step: tuple[str, int, int]) -> None:
        what, which, count = step
        self.now_ms += 1
        if what == "claim":
            self.claim(count)
        elif what == "tick":
            self.now_ms += 20 * count
        elif what == "late" and self.slow:
            self.late(self.slow[which % len(self.slow)])
        elif self.workers and what != "late":
            self.end(what, self.workers.pop(which % len(self.workers)), count)
        ended = [one for one in self.workers if one.until_ms <= self.now_ms]
        self.workers = [one for one in self.workers if one.until_ms > self.now_ms]
        self.slow += ended

    def claim(self, count: int) -> None:
        self.leases += 1
        asked = Claim(
            lease=str(self.leases), limit=count, now_ms=self.now_ms, until_ms=self.now_ms + LEASE_MS
        )
        fresh = range(self.taken + 1, min(self.taken + count, EVENTS) + 1)
        wanted = [
            Wanted(position=one, stream=str(self.streams[one - 1]), previous=one - 1)
            for one in fresh
        ]
        to = self.taken + len(wanted)
        claimed = statements.claim(
            self.run, *WHO, asked=asked, taken=TakenIn(after=self.taken, to=to, events=wanted)
        )
        self.taken = to
        assert claimed is not None
        held = {one.position for worker in self.workers for one in worker.events}
        streams = {one.stream for worker in self.workers for one in worker.events}
        for one in claimed.events:
            assert one.position not in held, "two workers have it"
            assert one.stream not in streams, "another worker has an earlier one of its stream"
            assert one.position not in self.done, "it was acknowledged"
        if claimed.events:
            self.workers.append(Worker(asked.lease, asked.until_ms, list(claimed.events)))

    def end(self, what: str, worker: Worker, count: int) -> None:
        """What the worker does, if it lives; one that is dead says nothing."""
        if what == "ack":
            self.acknowledge(worker, None)
        elif what == "half":
            self.acknowledge(worker, worker.events[(count - 1) % len(worker.events)].position)
            if worker.events:
                self.workers.append(worker)
        elif what == "release":
            count = statements.release(
                self.run, *WHO, worker.lease, now_ms=self.now_ms, again_at_ms=self.now_ms + count
            )
            assert count == len(worker.events)
        else:
            self.slow.append(worker)
            if what == "die":  # nobody knows: what it holds is held until the lease ends
                self.workers.append(worker)

    def acknowledge(self, worker: Worker, until: int | None) -> None:
        now = [one for one in worker.events if until is None or one.position <= until]
        count = statements.acknowledge_lease(
            self.run, *WHO, worker.lease, until=until, now_ms=self.now_ms
        )
        assert count == len(now)
        self.done += [one.position for one in now]
        worker.events = [one for one in worker.events if one not in now]

    def late(self, worker: Worker) -> None:
        if worker.until_ms > self.now_ms:
            return
        with contextlib.suppress(LeaseEnded):
            statements.acknowledge_lease(
                self.run, *WHO, worker.lease, until=None, now_ms=self.now_ms
            )
            raise AssertionError("it was not told that its lease had ended")


@settings(max_examples=150, deadline=None)
@given(streams=st.lists(st.integers(1, STREAMS), min_size=EVENTS, max_size=EVENTS), steps=STEPS)
def test_workers_that_die_lose_and_repeat_nothing_in_the_books(
    streams: list[int], steps: list[tuple[str, int, int]]
) -> None:
    with books() as run:
        played = Played(run, streams)
        for step in steps:
            played.play(step)
        for _ in range(3 * EVENTS):  # those who are left do the rest
            played.now_ms += LEASE_MS
            played.workers.clear()
            played.claim(6)
            for worker in list(played.workers):
                played.acknowledge(worker, None)
        assert Counter(played.done) == Counter(range(1, EVENTS + 1))
        for stream in set(streams):
            mine = [one for one in played.done if streams[one - 1] == stream]
            assert mine == sorted(mine)
        assert run.execute("SELECT count(*) FROM consumer_events").fetchone() == (0,)
