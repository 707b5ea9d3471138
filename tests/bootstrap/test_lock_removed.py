"""A lock file that somebody removed or replaced admits no second gateway."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway_process import ROOT, SERVE, gateway

SETTINGS = {"ASSEMBLYAI_API_KEY": "nobody", "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1"}
CANNOT_START = 3


def second(directory: Path) -> subprocess.CompletedProcess[str]:
    """What another gateway on the directory says; it must end by itself."""
    return subprocess.run(
        [sys.executable, *SERVE, "--port", "0", "--data-dir", str(directory)],
        cwd=ROOT,
        env={f"STENOLOG_{name}": value for name, value in SETTINGS.items()},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


@pytest.mark.parametrize("replaced", [False, True])
def test_a_lock_that_is_gone_admits_no_second_gateway(tmp_path: Path, replaced: bool) -> None:
    directory = tmp_path / "data"
    with gateway(directory, SETTINGS) as first:
        lock = directory / "lock"
        if replaced:
            shutil.copy(lock, directory / "copy")
            (directory / "copy").replace(lock)
        else:
            lock.unlink()
        refused = second(directory)
        assert refused.returncode == CANNOT_START, refused.stderr
        assert "in use by another gateway" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert first.process is not None
        assert first.process.poll() is None
    with gateway(directory, SETTINGS):
        pass  # the directory is free again
