"""Hostile clients of a whole gateway: its memory stays where it is, and others are answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bench.attack import ATTACKS
from infra.bench.hostile import ABOVE_IDLE_MB_MAX, HEALTHZ_MS_MAX, MEGABYTE, WORSE_MS_MAX, under

SHORT = ("pipelines-50", "frames-64", "polls-250", "headers-500")
SHORT_SECONDS = 2.0
LATE = 5  # how much longer an answer may take where other tests run beside
COLD = 3  # how much longer the same work takes there: the caches are not its own


@pytest.mark.parametrize("name", SHORT)
async def test_a_hostile_client_costs_little(name: str, tmp_path: Path) -> None:
    endured = await under(name, tmp_path, SHORT_SECONDS)
    assert endured.above_idle_bytes / MEGABYTE <= ABOVE_IDLE_MB_MAX
    assert endured.longest_ms <= LATE * HEALTHZ_MS_MAX
    assert endured.computed_ms <= COLD * WORSE_MS_MAX


@pytest.mark.soak
@pytest.mark.parametrize("name", ATTACKS)
async def test_a_hostile_client_that_goes_on_costs_little(name: str, tmp_path: Path) -> None:
    """Two minutes: longer than anything of a connection is waited for."""
    endured = await under(name, tmp_path, 120)
    assert endured.above_idle_bytes / MEGABYTE <= ABOVE_IDLE_MB_MAX
    assert endured.longest_ms <= HEALTHZ_MS_MAX
    assert endured.computed_ms <= COLD * WORSE_MS_MAX
