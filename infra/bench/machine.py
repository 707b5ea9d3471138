"""What the figures were measured on: the header of a report."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from infra.bench.figures import percentile

FSYNCS = 200
FSYNC_BYTES = 4_096  # a page of SQLite's
COMMAND_SECONDS_MAX = 10
REPOSITORY = Path(__file__).resolve().parents[2]


def fsync_ms_p50(directory: Path) -> float:
    """Milliseconds that half of all fsyncs of an appended page take, in this directory."""
    took: list[float] = []
    probe = directory / "fsync-probe"
    descriptor = os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(FSYNCS):
            os.write(descriptor, bytes(FSYNC_BYTES))
            began = time.perf_counter()
            os.fsync(descriptor)
            took.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(descriptor)
        probe.unlink()
    return percentile(took, 0.5)


def machine(directory: Path) -> Mapping[str, object]:
    """Cores, kernel, file system and its fsync, versions, commit, and how busy it is."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load_1_min": round(os.getloadavg()[0], 2),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "filesystem": _filesystem(directory),
        "fsync_ms_p50": round(fsync_ms_p50(directory), 3),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "uvicorn": version("uvicorn"),
        "commit": _commit(),
    }


def _filesystem(directory: Path) -> str:
    """The type of the mount that holds the directory, the longest mount point winning."""
    best, kind = "", "unknown"
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, point, found, *_ = line.split()
        inside = directory.resolve().is_relative_to(point)
        if inside and len(point) >= len(best):
            best, kind = point, found
    return kind


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    asked = [git, "-C", str(REPOSITORY), "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(
        asked, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False
    )
    return done.stdout.strip() or "unknown"
