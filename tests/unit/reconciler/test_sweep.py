"""One list for all jobs at a place: who is due, who is missing, and when it is read again."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from stenolog.errors import ProviderHeldBack, ProviderUnavailable
from stenolog.log.events.vocabulary import WakeReason
from stenolog.providers.facts import ProviderFacts
from stenolog.providers.paging import pages_of
from stenolog.providers.port import JobPage, ListedJob
from stenolog.reconciler.attempts import Attempts, asked_in_vain, list_asked
from stenolog.reconciler.candidates import candidates
from stenolog.reconciler.case import Case
from stenolog.reconciler.gates import ProviderGate
from stenolog.reconciler.sweep import KEPT_MAX, look_for
from stenolog.reconciler.sweep_times import FAILURES_MAX, PAGE_REST_MS
from stenolog.reconciler.sweeper import Sweeper
from stenolog.reconciler.timing import Timing
from tests.unit.commands.stories import REQUESTED, claimed, told

TIMING = Timing(
    settle_ms=90_000, silence_ms=200_000, sweep_interval_ms=30_000, job_lifetime_ms=86_400_000
)
PAGE_JOBS = 200
START_MS = 1_000_000_000


class Slow:
    """A provider whose list takes so long a page, and so many pages."""

    def __init__(self, page_s: float, pages: int) -> None:
        self.page_s, self.pages, self.asked = page_s, pages, 0
        self._ids = itertools.count()

    async def list_jobs(self, *, status: str | None, before: str | None) -> JobPage:
        self.asked += 1
        await asyncio.sleep(self.page_s)
        job = ListedJob(id=f"{status}-{next(self._ids)}", audio_url="", created_at_ms=None)
        return JobPage(jobs=[job], older=job.id if self.asked % self.pages else None)


class Listing:
    """A provider that has these jobs running, and answers a list with `error` if there is one."""

    name = "assemblyai"

    def __init__(self) -> None:
        self.running: list[str] = []
        self.lists = 0
        self.error: Exception | None = None

    async def list_jobs(self, *, status: str | None, before: str | None) -> JobPage:
        self.lists += 1
        if self.error is not None:
            raise self.error
        shown = self.running if status == "processing" else []
        first = 0 if before is None else shown.index(before) + 1
        page = shown[first : first + PAGE_JOBS]
        more = len(shown) > first + PAGE_JOBS
        jobs = [ListedJob(id=job, audio_url="", created_at_ms=None) for job in page]
        return JobPage(jobs=jobs, older=page[-1] if more else None)


@dataclass
class Place:
    """A sweeper, its provider, and whom it woke."""

    timing: Timing = TIMING
    now_ms: int = START_MS
    woken: list[tuple[str, WakeReason]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = Listing()
        given: Any = self.provider
        self.gate = ProviderGate(given, "https://ours.example")
        self.sweeper = Sweeper(self.gate, self.timing, self.wake, lambda: self.now_ms)

    def wake(self, transcription_id: str, reason: WakeReason, *, in_ms: int = 0) -> None:
        self.woken.append((transcription_id, reason))

    def job(self, name: str, *, age_ms: int = 3_600_000, runs: bool = True) -> Case:
        """A job of ours that was accepted so long ago, and is known to the sweeper."""
        case = Case(id=f"of {name}", attempts=Attempts(), job=name)
        case.accepted_at_ms, case.watch = self.now_ms - age_ms, self.sweeper
        self.sweeper.watch(name, case)
        if runs:
            self.provider.running.append(name)
        return case

    def ask(self, case: Case, *, hurry: bool = False) -> None:
        case.attempts = list_asked(case.attempts)
        self.sweeper.ask(case.job, hurry=hurry)

    async def sweep_when_due(self) -> int:
        """Time passes until the next list, which is read; returns how long that was, in ms."""
        before, due = self.now_ms, self.sweeper.next_ms()
        assert due is not None
        self.now_ms = max(due, before)
        await self.sweeper.sweep()
        return self.now_ms - before


async def test_a_list_that_takes_too_long_is_left_and_looked_at_anew() -> None:
    provider: Any = Slow(page_s=0.02, pages=50)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable, match="took over 100 ms"):
            await look_for(provider, ["any"], look_ms_max=100)
    assert provider.asked < 20
    provider.page_s, provider.asked, provider.pages = 0.0, 0, 2
    assert (await look_for(provider, ["any"])).missing == {"any"}


async def test_a_list_that_is_not_read_to_its_end_says_so() -> None:
    provider: Any = Slow(page_s=0.0, pages=4)
    assert not (await look_for(provider, ["any"], pages_max=2)).whole


async def test_a_claim_is_looked_for_within_a_time() -> None:
    provider: Any = Slow(page_s=0.02, pages=50)
    claim = told(REQUESTED, claimed()).submissions[0]
    with pytest.raises(ProviderUnavailable, match="took over 100 ms"):
        await candidates(
            pages_of(provider, status=None, pages_max=9),
            claim,
            None,
            claim.claimed_at_ms,
            look_ms_max=100,
        )


async def test_nobody_reads_a_list_before_a_job_is_due() -> None:
    place = Place()
    assert place.sweeper.next_ms() is None
    assert (await place.sweeper.reconcile()).compared == 0
    assert not place.provider.lists
    place.job("job-1")
    assert place.sweeper.next_ms() is None


async def test_one_job_that_is_due_has_all_compared_and_only_the_missing_asked_for() -> None:
    place = Place()
    due = place.job("due")
    running = [place.job(f"runs-{number}") for number in range(1_000)]
    gone = [place.job(f"ended-{number}", runs=False) for number in range(50)]
    place.job("young", age_ms=29_000, runs=False)
    place.ask(due)
    await place.sweep_when_due()
    assert sorted(place.woken) == sorted((case.id, "silence") for case in gone)
    assert all(case.attempts.in_list == "missing" for case in gone)
    assert place.provider.lists <= 1.05 * (1_001 / PAGE_JOBS + len(gone))
    assert due.attempts.checks == 1
    assert due.attempts.in_list == "asked"
    assert all(case.attempts == Attempts() for case in running)
    assert (
        place.sweeper.standing().kept[-1].compared,
        place.sweeper.standing().kept[-1].missing,
    ) == (1_052, 50)


async def test_a_job_that_runs_long_is_looked_at_less_and_less_often() -> None:
    place = Place()
    place.ask(place.job("job-1"))
    waits = [await place.sweep_when_due() for _ in range(8)]
    assert waits == [200, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]
    assert not place.woken


async def test_a_job_that_is_due_and_was_never_listed_is_asked_for_however_young() -> None:
    place = Place()
    place.ask(place.job("job-1", age_ms=1_000, runs=False), hurry=True)
    await place.sweep_when_due()
    assert len(place.woken) == 1


async def test_what_no_list_ever_shows_is_not_asked_for_with_every_list() -> None:
    place = Place()
    odd = place.job("odd", runs=False)
    odd.attempts = asked_in_vain(odd.attempts, place.now_ms)
    place.ask(place.job("job-1"))
    await place.sweep_when_due()
    assert not place.woken
    place.ask(odd)
    await place.sweep_when_due()
    assert place.woken == [("of odd", "silence")]


async def test_after_a_start_lists_rest_as_long_as_they_cost() -> None:
    place = Place()
    for number in range(20):
        place.job(f"runs-{number}")
    place.ask(place.job("job-1"), hurry=True)
    assert await place.sweep_when_due() == 200
    place.ask(place.job("job-2"), hurry=True)
    assert await place.sweep_when_due() == 1_000
    place.provider.running += [f"another's-{number}" for number in range(9_000)]
    place.ask(place.job("job-3"), hurry=True)
    assert await place.sweep_when_due() == 1_000
    place.ask(place.job("job-4"), hurry=True)
    assert await place.sweep_when_due() == 47 * PAGE_REST_MS
    place.ask(place.job("job-5"))
    assert await place.sweep_when_due() == 30_000


async def test_a_list_that_fails_is_read_again_and_then_what_is_due_is_asked_for() -> None:
    place = Place()
    place.provider.error = ProviderUnavailable("no JSON")
    due = place.job("due")
    place.job("not due", runs=False)
    place.ask(due)
    for failures in range(1, FAILURES_MAX + 1):
        assert not place.woken
        await place.sweep_when_due()
        assert place.sweeper.standing().kept[-1].error == "no JSON"
        assert len(place.sweeper.standing().kept) == failures
    assert place.woken == [(due.id, "silence")]
    assert place.sweeper.next_ms() is None


async def test_a_list_that_nobody_may_ask_for_is_waited_for_and_nobody_is_asked_instead() -> None:
    place = Place()
    place.provider.error = ProviderHeldBack("paused", retry_in_ms=45_000)
    place.ask(place.job("due", runs=False))
    waits = [await place.sweep_when_due() for _ in range(5)]
    assert waits == [200, 45_000, 45_000, 45_000, 45_000]
    place.provider.error = ProviderUnavailable("the first failure")
    await place.sweep_when_due()
    assert not place.woken
    place.provider.error = None
    await place.sweep_when_due()
    assert len(place.woken) == 1


async def test_while_callbacks_are_missing_the_list_is_read_at_every_interval() -> None:
    place = Place()
    with capture_logs() as lines:
        place.gate.calling_back.missed()
        place.gate.calling_back.missed()
    assert [line["event"] for line in lines] == ["provider.callbacks_missing"]
    assert "STENOLOG_PUBLIC_URL" in lines[0]["advice"]
    place.job("runs")
    ended = place.job("ended", age_ms=31_000, runs=False)
    waits = [await place.sweep_when_due() for _ in range(3)]
    assert waits == [0, 30_000, 30_000]
    assert place.woken == [(ended.id, "silence")]
    place.gate.calling_back.arrived()
    assert place.sweeper.next_ms() is None


async def test_on_request_all_are_compared_however_young_and_a_dry_run_asks_for_none() -> None:
    place = Place()
    young = place.job("young", age_ms=10, runs=False)
    old = place.job("old", runs=False)
    place.job("runs")
    dry = await place.sweeper.reconcile(dry_run=True)
    assert (dry.compared, dry.missing) == (3, 2)
    assert not place.woken
    assert not place.sweeper.standing().kept
    since = await place.sweeper.reconcile(since_ms=place.now_ms - 1_000)
    assert (since.compared, since.missing) == (1, 1)
    assert place.woken == [(young.id, "silence")]
    await place.sweeper.reconcile()
    assert place.woken[1:] == [(old.id, "silence")]


async def test_where_there_is_no_list_all_are_asked_for_on_request_and_nothing_is_ever_due() -> (
    None
):
    place = Place(
        timing=Timing(
            settle_ms=1,
            silence_ms=1,
            sweep_interval_ms=1,
            job_lifetime_ms=3_600_000,
            polled=True,
            facts=ProviderFacts(lists=False),
        )
    )
    place.job("job-1")
    assert place.sweeper.next_ms() is None
    assert (await place.sweeper.reconcile()).missing == 1
    assert place.woken == [("of job-1", "poll")]
    assert not place.provider.lists


async def test_what_is_dropped_is_compared_no_more_and_few_sweeps_are_kept() -> None:
    place = Place()
    gone = place.job("gone", runs=False)
    gone.unwatch()
    assert place.sweeper.standing().watched == 0
    place.job("runs")
    for _ in range(KEPT_MAX + 5):
        await place.sweeper.sweep()
    assert not place.woken
    assert len(place.sweeper.standing().kept) == KEPT_MAX


async def test_a_clock_that_was_set_back_has_the_list_read_now() -> None:
    place = Place()
    place.ask(place.job("job-1"))
    await place.sweep_when_due()
    place.now_ms -= 3_600_000
    place.sweeper.clock_set_back()
    assert await place.sweep_when_due() == 0


async def test_it_sleeps_until_a_job_is_due_and_reads_the_list_then() -> None:
    place = Place()
    case = place.job("ended", runs=False)
    sweeper = Sweeper(place.gate, TIMING, place.wake, lambda: place.now_ms, gather_ms=0)
    sweeper.watch("ended", case)
    running = asyncio.create_task(sweeper.run())
    await asyncio.sleep(0)
    assert not place.provider.lists
    sweeper.ask("ended")
    async with asyncio.timeout(5):
        while not place.woken:  # noqa: ASYNC110 - what it waits for is no event
            await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()


async def test_a_provider_that_is_polled_is_asked_again_after_a_second() -> None:
    place = Place(timing=replace(TIMING, polled=True))
    place.ask(place.job("job-1"))
    waits = [await place.sweep_when_due() for _ in range(7)]
    assert waits == [200, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]


async def test_a_fault_of_ours_in_a_list_ends_no_loop() -> None:
    place = Place()
    place.provider.error = ZeroDivisionError()
    place.ask(place.job("due", runs=False))
    with capture_logs() as lines:
        for _ in range(FAILURES_MAX):
            await place.sweep_when_due()
    assert "reconciler.sweep_failed" in {line["event"] for line in lines}
    assert len(place.woken) == 1
