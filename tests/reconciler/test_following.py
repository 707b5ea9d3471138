"""The reconciler follows this log, whatever a record holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from stenolog.clock import now_ms
from stenolog.commands.transcription.state import Transcription, stream_of
from stenolog.errors import RecordDamaged
from stenolog.log.event import Event
from stenolog.log.events.api_keys import API_KEY
from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.submissions import (
    SubmissionAccepted,
    SubmissionClaimed,
    SubmissionRefused,
)
from stenolog.log.events.vocabulary import WakeReason
from stenolog.log.facts import callback_key
from stenolog.log.recorder import Cause, Fact, FactRecorder, id_at, new_id
from stenolog.log.store import EVENTS_PER_APPEND_MAX, EVENTS_PER_READ_MAX
from stenolog.reconciler.following import BEHIND_MAX, Follower, soonest_forgotten, worked_off
from stenolog.reconciler.turns import Turns
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.house.waiting import until
from tests.log_samples import BEGUN, new_event
from tests.reconciler.house import CLIENT, TENANT, house, resting


class DamagedLog(SqliteLog):
    """The second request cannot be read; before the first one stands the event of an API key."""

    damaged = BEGUN + 1 + 2

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> list[Event]:
        events = await super().read(after=after, limit=limit)
        sound = [event for event in events if event.position < self.damaged]
        return sound or self._read(events)

    async def read_stream(
        self, stream: str, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX
    ) -> list[Event]:
        return self._read(await super().read_stream(stream, after=after, limit=limit))

    def _read(self, events: list[Event]) -> list[Event]:
        if any(event.position == self.damaged for event in events):
            raise RecordDamaged("injected: damaged", position=self.damaged)
        return events


@pytest.mark.parametrize("tenant_concurrency", [0, 2])
async def test_a_damaged_record_is_followed_past_and_what_stands_before_it_is_heeded(
    tmp_path: Path, simulator: Simulator, tenant_concurrency: int
) -> None:
    async with resting(tmp_path, simulator) as before:
        first, damaged, third = [await before.request() for _ in range(3)]
    async with house(
        tmp_path,
        simulator,
        log=DamagedLog,
        ids=[damaged],
        tenant_concurrency=tenant_concurrency,
    ) as home:
        assert (await home.ended(third)).status == "completed"
        assert (await home.ended(first)).status == "completed"
        later = await home.request()
        assert (await home.ended(later)).status == "completed"


class TruncatedLog(SqliteLog):
    """The last records of its start are gone, although its head counts them."""

    gone = 3
    reads = 0

    async def read(self, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX) -> list[Event]:
        self.reads += 1
        events = await super().read(after=after, limit=limit)
        return [event for event in events if event.position > self.gone]


async def test_records_that_are_missing_are_not_read_for_in_a_circle(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with resting(tmp_path, simulator) as before:
        for _ in range(TruncatedLog.gone):
            await before.events.append(f"{API_KEY}{new_id()}", [new_event("api_key.created")])
    async with house(tmp_path, simulator, log=TruncatedLog) as home:
        assert isinstance(home.events, TruncatedLog)
        identifier = await home.request()
        state = await home.ended(identifier)
        assert state.status == "completed"
        # One look at the gap, and one for what was appended each time, and for the payload.
        assert home.events.reads <= 4 * state.version


async def test_a_lost_reply_is_settled_however_long_the_stream_is(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with resting(tmp_path, simulator) as before:
        identifier = await before.request()
        await _grow(before.facts, identifier, EVENTS_PER_READ_MAX)
    async with house(tmp_path, simulator, ids=[identifier]) as home:
        url = f"https://audio.example/{identifier}.mp3"
        home.behave(url, Behaviour(lost_reply=True, callbacks=day.MISSING))
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.jobs) == 1
        events = await home.stream(identifier)
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        assert events[-1].type == "transcription.completed"
        await until(lambda: home.reconciler.open_count == 0)


async def _grow(facts: FactRecorder, identifier: str, count: int) -> None:
    """A refused submission, and callbacks that belong to none, more than `count` in all."""
    refused = SubmissionRefused(submission=1, status=503, reason="unavailable", retry_in_ms=None)
    stream = stream_of(identifier)
    cause = Cause(tenant=TENANT, actor=CLIENT, correlation_id=new_id())
    began = [Fact(data=SubmissionClaimed(submission=1, kid=1)), Fact(data=refused)]
    await facts.record(stream, began, cause)
    for turn in range(count // EVENTS_PER_APPEND_MAX + 1):
        first = 1_000 + turn * EVENTS_PER_APPEND_MAX
        many = [_called(identifier, first + each) for each in range(EVENTS_PER_APPEND_MAX)]
        await facts.record(stream, many, cause)


def _called(identifier: str, submission: int, job: str | None = None) -> Fact:
    called = CallbackReceived(
        submission=submission, kid=1, kind="completed", provider_job=job, body_bytes=60
    )
    return Fact(data=called, dedupe_key=callback_key(identifier, called))


async def test_after_a_start_what_needs_us_most_is_looked_at_first(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with resting(tmp_path, simulator) as home:
        ids = [await home.request() for _ in range(8)]
        for number, identifier in enumerate(ids):
            if number % 2:
                await _accepted(home.facts, identifier, f"job-{number}")
        cause = Cause(tenant=TENANT, actor=CLIENT, correlation_id=new_id())
        await home.facts.record(stream_of(ids[3]), [_called(ids[3], 1, "job-3")], cause)
        due_ms: dict[str, int] = {}

        def wake(transcription_id: str, reason: WakeReason, *, in_ms: int = 0) -> None:
            assert reason == "start"
            due_ms[transcription_id] = in_ms

        follower = Follower(
            home.events, Turns(0, print, now_ms), never_loaded, wake, done, {}, now_ms, home.events
        )
        assert (await follower.saved()).position == await home.events.head()
        urgent = {*ids[::2], ids[3]}
        assert sorted(due_ms) == sorted(ids)
        assert sorted(due_ms, key=lambda one: due_ms[one])[: len(urgent)] == sorted(urgent)


async def never_loaded(transcription_id: str) -> Transcription:
    raise AssertionError(transcription_id)


async def done() -> None:
    """There is nothing to catch up with."""


async def _accepted(facts: FactRecorder, identifier: str, job: str) -> None:
    cause = Cause(tenant=TENANT, actor=CLIENT, correlation_id=new_id())
    taken = SubmissionAccepted(submission=1, provider_job=job, adopted=False)
    began = [Fact(data=SubmissionClaimed(submission=1, kid=1)), Fact(data=taken)]
    await facts.record(stream_of(identifier), began, cause)


async def test_the_log_is_followed_on_although_what_is_due_is_never_worked_off() -> None:
    asked: list[int] = []

    def many() -> int:
        asked.append(1)
        return BEHIND_MAX + (1 if len(asked) < 3 else -1)

    await worked_off(many)
    assert len(asked) == 3
    await worked_off(lambda: BEHIND_MAX + 1, waits_max=2)


def test_what_may_soon_be_forgotten_is_taken_up_first() -> None:
    hours = [id_at(hour * 3_600_000) for hour in range(1, 6)]
    first = id_at(3 * 3_600_000 - 1)
    assert soonest_forgotten(hours, first) == [*hours[2:], *hours[:2]]
    assert soonest_forgotten(hours, "") == hours
