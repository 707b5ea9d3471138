"""A full disk is an error to every caller, and over when there is room again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.full_disk import CASES

ROOT = Path(__file__).parents[2]
DEADLINE_S = 40
# Within a frame's header, within its page, between two frames, behind several of them.
SLACKS = {
    "log": (0, 10, 2_000, 4_120, 15_000),
    "probe": (0, 10),
    "keys": (0, 10, 2_000, 4_120),
    "open": (0, 5_000),
    "heads": (0, 1, 50),
}
ALL = [(what, slack) for what in CASES for slack in SLACKS[what]]


@pytest.mark.parametrize(("what", "slack"), ALL)
def test_writing_fails_loudly_and_goes_on_without_a_restart(
    what: str, slack: int, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.full_disk", what, str(slack), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
