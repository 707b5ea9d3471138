"""Measure how fast the engine is, how soon it is ready, and how much memory it takes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from infra.bench.children import child
from infra.bench.engine import (
    CALL_SECONDS,
    KEY_BYTES,
    REQUEST_SECONDS_MAX,
    spoken,
    transcribed_seconds,
    wav,
)
from infra.bench.figures import Figure, at_least, at_most

FIRST_SECONDS = 5  # of audio, of the first job
SPEED_MIN, FIRST_SECONDS_MAX = 9.0, 5.0
MEMORY_MB_MAX = 1_000.0
BUSY_LOAD = 0.5  # of other work, for each core
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def measure(place: Path) -> Iterator[Figure]:
    """Yield the figures; they are worth little on a busy machine, and then say so."""
    busy = os.getloadavg()[0] / len(os.sched_getaffinity(0)) > BUSY_LOAD
    note = " (machine busy)" if busy else ""
    first, call, peak_mb = asyncio.run(_measured(place))
    yield Figure(
        name=f"start to first transcript{note}",
        value=first,
        unit="s",
        wanted=at_most(FIRST_SECONDS_MAX),
        detail={"audio_seconds": FIRST_SECONDS},
    )
    yield Figure(
        name=f"times real time, with speakers{note}",
        value=CALL_SECONDS / call,
        wanted=at_least(SPEED_MIN),
        detail={"audio_seconds": CALL_SECONDS},
    )
    yield Figure(
        name=f"memory, all processes, {CALL_SECONDS // 60} min of audio",
        value=peak_mb,
        unit="MB",
        wanted=at_most(MEMORY_MB_MAX),
    )


async def _measured(place: Path) -> tuple[float, float, float]:
    """Return seconds to the first transcript, seconds of a call, peak megabytes."""
    short, call = wav(spoken(FIRST_SECONDS)), wav(spoken(CALL_SECONDS))
    key = secrets.token_hex(KEY_BYTES)
    settings = {"api_key": key, "scratch_dir": str(place / "scratch")}
    given = json.dumps(settings).encode() + b"\n"
    began = time.perf_counter()
    async with (
        child("stenolog.engine", errors=place / "engine.log", given=given) as started,
        httpx.AsyncClient(
            base_url=json.loads(started.first_line)["url"],
            headers={"authorization": key},
            timeout=REQUEST_SECONDS_MAX,
            trust_env=False,
        ) as http,
    ):
        await transcribed_seconds(http, short, speakers=True)
        first = time.perf_counter() - began
        took = await transcribed_seconds(http, call, speakers=True)
        peak = sum(_peak_kb(pid) for pid in [started.pid, *_children(started.pid)])
    return first, took, peak / 1_000


def _children(pid: int) -> Sequence[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child_id) for child_id in listed.read_text().split()] if listed.exists() else []


def _peak_kb(pid: int) -> int:
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0
