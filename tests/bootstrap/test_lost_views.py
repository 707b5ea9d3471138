"""A gateway that has lost its views beside a long log: what is new waits for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bench.lost_views import (
    COMPLETED_MS_MAX,
    EVENTS_A_SECOND_MIN,
    SIZE_RATIO_MAX,
    filled,
)

EVENTS = 4_000
LATE = 3  # how much longer things may take where other tests run beside


async def test_new_transcriptions_do_not_wait_for_old_ones(tmp_path: Path) -> None:
    seen = await filled(tmp_path, EVENTS)
    assert seen.events >= EVENTS
    assert max(seen.completed_ms) <= LATE * COMPLETED_MS_MAX
    assert seen.size_ratio <= SIZE_RATIO_MAX


@pytest.mark.soak
async def test_a_million_events_come_back_while_new_ones_are_served(tmp_path: Path) -> None:
    seen = await filled(tmp_path, 1_000_000)
    assert max(seen.completed_ms) <= COMPLETED_MS_MAX
    assert seen.events_a_second >= EVENTS_A_SECOND_MIN
    assert seen.size_ratio <= SIZE_RATIO_MAX
