"""What is measured is true, is measured beside what hangs, and costs little."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from stenolog.bootstrap.gauges import Gauges, measured_parts
from stenolog.bootstrap.measuring import keep_measured
from stenolog.errors import StoreUnavailable
from stenolog.log.recorder import new_id
from stenolog.reconciler.agenda import DUE_COUNTED_MAX, Agenda
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.telemetry import Metrics
from tests.house.waiting import until
from tests.reconciler.house import House, house, resting

OPEN = 100_000
HELD_MS_MAX = 20.0
UPLOAD = b"x" * 100_000


def shown(metrics: Metrics) -> dict[str, float]:
    """What `/metrics` says, by name and the values of its labels."""
    return {
        " ".join((sample.name, *(value for _, value in sorted(sample.labels.items())))): (
            sample.value
        )
        for family in text_string_to_metric_families(metrics.exposition()[0].decode())
        for sample in family.samples
    }


@asynccontextmanager
async def measuring(home: House) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        parts = measured_parts(stack, home.parts, home.settings.data_dir)
        running = asyncio.create_task(keep_measured(home.metrics, parts))
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled(), running


async def test_a_provider_that_wants_to_be_left_alone_is_seen(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home, measuring(home):
        good = await home.request()
        await home.ended(good)
        simulator.outage = day.too_many_requests(3_600)
        first = await home.request()
        await home.when(first, lambda one: bool(one.last and one.last.outcome == "refused"))
        await home.request()
        await until(
            lambda: (
                shown(home.metrics).get("stenolog_provider_paused_seconds all assemblyai us", 0) > 1
            )
        )
        said = shown(home.metrics)
        assert said["stenolog_provider_paused_seconds upload assemblyai us"] == 0
        assert said["stenolog_provider_requests_total create assemblyai us 2xx"] == 1
        assert said["stenolog_provider_requests_total create assemblyai us 4xx"] == 1
        assert said["stenolog_provider_breaker_open upload assemblyai us"] == 0
        assert 0 <= said["stenolog_provider_answered_seconds assemblyai us"] < 60
        await until(
            lambda: (
                shown(home.metrics)["stenolog_provider_requests_waiting create assemblyai us"] == 1
            )
        )
        assert shown(home.metrics)["stenolog_reconciler_open"] >= 2


async def test_what_waits_is_seen_by_the_state_in_which_it_waits(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with resting(tmp_path, simulator) as home, measuring(home):
        await home.follow()
        await home.request(Behaviour())
        await until(lambda: shown(home.metrics).get("stenolog_oldest_seconds requested", 0) > 0)
        said = shown(home.metrics)
        assert said["stenolog_oldest_seconds called_back"] == 0
        assert said["stenolog_oldest_seconds accepted"] == 0


async def test_the_disk_and_what_is_kept_there_are_measured(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with resting(tmp_path, simulator) as home, measuring(home):
        answer = await home.client.post("/v2/upload", content=UPLOAD)
        assert answer.status_code == 200
        await until(lambda: shown(home.metrics).get("stenolog_uploads_held_bytes", 0) > 10_000)
        said = shown(home.metrics)
        assert said["stenolog_uploads_held"] == 1
        assert len(UPLOAD) < said["stenolog_uploads_held_bytes"] < len(UPLOAD) + 1_000
        assert said["stenolog_wal_bytes log.db"] > 0
        assert said["stenolog_file_bytes keys.db"] > 0
        assert said["stenolog_disk_free_bytes"] > 0
        assert said["stenolog_disk_used_bytes"] > 0
        for part in ("views", "service", "disk", "outbox"):
            assert said[f"stenolog_measured_seconds {part}"] < 60


async def test_a_part_that_hangs_or_fails_makes_only_its_own_numbers_old() -> None:
    metrics, good = Metrics(), 0

    async def hangs() -> None:
        await asyncio.Event().wait()

    async def fails() -> None:
        raise StoreUnavailable("injected: not now")

    async def errs() -> None:
        raise ZeroDivisionError

    async def goes_on() -> None:
        nonlocal good
        good += 1

    parts = {"hangs": hangs, "fails": fails, "errs": errs, "good": goes_on}
    running = asyncio.create_task(keep_measured(metrics, parts))
    await until(lambda: good == 2)
    said = shown(metrics)
    for part in ("hangs", "fails", "errs"):
        assert said[f"stenolog_measured_seconds {part}"] > 1.5
    assert said["stenolog_measured_seconds good"] < 1.5
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()


async def test_a_hundred_thousand_open_transcriptions_hold_up_nobody(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with resting(tmp_path, simulator) as home:
        for number in range(OPEN):
            home.reconciler.wake(new_id(), "start", in_ms=number - OPEN // 2)
        gauges = Gauges(home.parts, home.settings.data_dir)
        took_ms = []
        for _ in range(5):
            began = time.perf_counter()
            await gauges.service()
            took_ms.append((time.perf_counter() - began) * 1000)
        assert min(took_ms) < HELD_MS_MAX
        said = shown(home.metrics)
        assert said["stenolog_reconciler_open"] == OPEN
        assert said["stenolog_reconciler_due"] == DUE_COUNTED_MAX
        assert said["stenolog_reconciler_overdue_seconds"] >= OPEN / 2_000


async def test_what_connections_met_is_shown_by_reason_and_only_added_to(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with resting(tmp_path, simulator) as home:
        gauges = Gauges(home.parts, home.settings.data_dir)
        figures = home.parts.edge.answer_room.figures
        figures.closed.update(body_unread=3_999, head_slow=1)
        figures.refused = 7
        await gauges.service()
        figures.closed["body_unread"] += 1
        home.parts.edge.arrivals.change(5_000)
        await gauges.service()
        said = shown(home.metrics)
        assert {name: n for name, n in said.items() if "http_closed_total" in name} == {
            "stenolog_http_closed_total body_unread": 4_000,
            "stenolog_http_closed_total head_slow": 1,
        }
        assert said["stenolog_http_refused_total"] == 7
        assert said["stenolog_http_bodies_bytes"] == 5_000


def test_only_so_many_of_what_is_due_are_counted() -> None:
    agenda = Agenda()
    for number in range(3 * DUE_COUNTED_MAX):
        agenda.put(str(number), number)
    assert agenda.due_count(99) == 100
    assert agenda.due_count(DUE_COUNTED_MAX * 2) == DUE_COUNTED_MAX
    for number in range(50):
        agenda.drop(str(number))
    assert agenda.due_count(99) == 50
