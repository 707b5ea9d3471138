"""Fixtures that every folder shares."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A slow disk is no failure: examples are bounded by number, not by time.
settings.register_profile(
    "ci", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", parent=settings.get_profile("ci"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 4 << 30  # whatever is free beyond what tests write, which is some 100 MB at once
TEMPORARY_ROOT = "PYTEST_DEBUG_TEMPROOT"  # pytest's variable for where temporary folders are


def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of tests in memory where there is enough: waiting for a disk took half of it.

    A killed process loses nothing of them there either. What takes longer than a test is tried on
    the disk, and what the variable names is left alone.
    """
    is_soak = config.option.markexpr == "soak"
    if TEMPORARY_ROOT in os.environ or is_soak or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN:
        os.environ[TEMPORARY_ROOT] = str(MEMORY)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for every reason why something was not proven here."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason in sorted({report.longrepr[2] for report in skipped}):
        terminalreporter.write_line(reason)
