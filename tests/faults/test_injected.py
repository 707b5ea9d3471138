"""Whatever call to the disk fails, nothing that was acknowledged is lost, and nothing is a 500.

Each point is a run of its own: the n-th write, sync, rename or truncate of a file fails once, with
EIO or ENOSPC. `make test` tries a few points of a seed, which is printed; `make soak` goes through
all places. FAULT_SEED=N repeats a seed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stenolog.bootstrap.backing_up import back_up
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from stenolog.stores.files.manifest import read_pair
from stenolog.stores.files.swap import STAGING
from tests.backups import SECRET, Backed, nothing, stenolog
from tests.faults.injected import (
    CLEAN,
    SIGNAL_LOST,
    Fault,
    Gateway,
    Place,
    day,
    of,
    said_nothing,
    was_injected,
)
from tests.faults.killed import Killed, assert_each_once
from tests.gateway_process import ROOT

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: no fault is injected"),
    pytest.mark.timeout(60),
]

REACHES = {
    "pwrite64": {"log": 250, "keys": 40, "views": 200, "work": 25},
    "fdatasync": {"log": 15, "keys": 12, "views": 2, "work": 2},
    "ftruncate": {"log": 1, "keys": 1, "views": 1, "work": 1},
}
PLACES = [
    Place(call=call, files=of(store), reach=reach)
    for call, stores in REACHES.items()
    for store, reach in stores.items()
] + [
    Place(call="fdatasync", files=("",), reach=2),  # the data directory itself
    Place(call="pwrite64", files=("lock",), reach=1),
    Place(call="ftruncate", files=("lock",), reach=1),
    Place(call="write", files=(), reach=15),  # uploads, tree heads, small files, log lines
    Place(call="fsync", files=(), reach=2),
    Place(call="rename", files=(), reach=1),
]
COPYING = [
    Place(call="pwrite64", files=(), reach=80),
    Place(call="fdatasync", files=(), reach=5),
    Place(call="fsync", files=(), reach=10),
    Place(call="write", files=(), reach=5),
    Place(call="rename", files=(), reach=1),
]
ERRORS = ("EIO", "ENOSPC")
POINTS_MAX = 20  # of a place: where it has more, each step passes some over
PLACE_S_MAX = 400


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    simulator = Simulator(behave=lambda _: Behaviour(queued_ms=0, run_ms=20))
    with ThreadedSimulator(simulator) as url:
        yield url


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    seed = int(os.environ.get("FAULT_SEED", time.time_ns() % 1_000_000))
    print(f"FAULT_SEED={seed}")
    return random.Random(f"{seed} {request.node.name}")


def serve_through(directory: Path, provider: str, fault: Fault) -> bool:
    """A gateway meets the fault, and another one shows what is left; whether there was one."""
    seen, data = directory / "seen", directory / "data"
    directory.mkdir()
    faulty, whole = Gateway(data, provider, fault.strace(data, seen)), Gateway(data, provider)
    faulty.start(wait=False)
    done = day(faulty) if faulty.became_ready() else None
    assert faulty.stop() in CLEAN, faulty.said
    assert "Traceback" not in faulty.said.replace(SIGNAL_LOST, ""), faulty.said
    whole.start()
    try:
        if done is None:
            done = day(whole)
        for identifier in done.transcriptions:
            outcome = whole.outcome(identifier)
            assert outcome is not None
            assert outcome["status"] == "completed", outcome
            assert identifier != done.erased or "eleted by user" in str(outcome["text"])
        assert done.erased is None or whole.has_forgotten(done.erased)
    finally:
        status = whole.stop()
    assert status == 0, whole.said
    events = Killed(directory=directory, provider=None, port=0).verified()
    assert_each_once(events)
    types = {(event.stream, event.type) for event in events}
    completed = {
        (f"transcription-{each}", "transcription.completed") for each in done.transcriptions
    }
    assert completed <= types
    if done.upload is not None:
        assert "upload.stored" in {kind for _, kind in types}
    return was_injected(seen)


def command(words: tuple[str | Path, ...], fault: Fault, directory: Path, seen: Path) -> int:
    """The status of a command that meets the fault."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("STENOLOG_")}
    line = [*fault.strace(directory, seen), sys.executable, "-m", "stenolog.cli.main"]
    done = subprocess.run(
        [*line, *map(str, words), "--data-dir", str(directory)],
        cwd=ROOT,
        env={**environ, "STENOLOG_MASTER_KEY": SECRET.hex()},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode in CLEAN, said
    assert "Traceback" not in said or said_nothing(seen), said
    return done.returncode


def back_up_through(directory: Path, _: str, fault: Fault) -> bool:
    """A backup that fails is none; the directory is what it was, and the next one is whole."""
    data = Backed(directory / "data")
    asyncio.run(data.request(3))
    was, target = asyncio.run(data.events()), directory / "backup"
    status = command(("backup", target), fault, data.directory, directory / "seen")
    assert asyncio.run(data.events()) == was
    data.verified()
    if status != 0 and not said_nothing(directory / "seen"):
        with pytest.raises(CannotStart):
            read_pair(target / "log", target / "keys")
        back_up(Settings(data_dir=data.directory), target, uploads=True, step=nothing)
    assert read_pair(target / "log", target / "keys")[0].head == len(was)
    return was_injected(directory / "seen")


def restore_through(directory: Path, _: str, fault: Fault) -> bool:
    """A restore that fails leaves what was there, or is finished by the same command."""
    data = Backed(directory / "data")
    kept, gone = asyncio.run(data.request(2))
    target = directory / "backup"
    back_up(Settings(data_dir=data.directory), target, uploads=True, step=nothing)
    asyncio.run(data.erase(gone))
    was = asyncio.run(data.events())
    words = ("restore", target, "--replace")
    if command(words, fault, data.directory, directory / "seen") != 0:
        if not (data.directory / STAGING / "ready").exists():
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(data.directory / STAGING)  # as the refusal of a start says
            now = asyncio.run(data.events())
            assert now == was or "log.restored" in {event.type for event in now}
            data.verified()
        stenolog(*words, "--data-dir", data.directory)
    assert [asyncio.run(data.readable(each)) for each in (kept, gone)] == [True, False]
    assert data.verified().erased == 1
    return was_injected(directory / "seen")


Through = Callable[[Path, str, Fault], bool]
WAYS: dict[str, tuple[Through, list[Place]]] = {
    "serve": (serve_through, PLACES),
    "backup": (back_up_through, COPYING),
    "restore": (restore_through, COPYING),
}
ALL = [(way, place) for way, (_, places) in WAYS.items() for place in places]


def tried(way: str, directory: Path, provider: str, fault: Fault) -> bool:
    """Whether the fault was met; what went wrong names it."""
    try:
        return WAYS[way][0](directory, provider, fault)
    except BaseException as exc:
        exc.add_note(f"{way}, {fault.error} at {fault.place} {fault.number}")
        raise


@pytest.mark.parametrize("kind", ["serve", "serve too", "copy"])
def test_a_call_fails(kind: str, tmp_path: Path, provider: str, dice: random.Random) -> None:
    way = dice.choice(("backup", "restore")) if kind == "copy" else "serve"
    place = dice.choice(WAYS[way][1])
    fault = Fault(place=place, error=dice.choice(ERRORS), number=dice.randint(1, place.reach))
    met = tried(way, tmp_path / "one", provider, fault)
    print(f"{way}, {fault.error} at {place} {fault.number}: {'met' if met else 'not met'}")


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("way", "place"), ALL, ids=str)
def test_every_call_fails_once(
    way: str, place: Place, tmp_path: Path, provider: str, dice: random.Random
) -> None:
    step = -(-place.reach // POINTS_MAX)  # rounded up
    number, met, ends = dice.randint(1, step), 0, time.monotonic() + PLACE_S_MAX
    while time.monotonic() < ends:
        fault = Fault(place=place, error=ERRORS[met % 2], number=number)
        if not tried(way, tmp_path / str(number), provider, fault):
            break
        shutil.rmtree(tmp_path / str(number))
        number, met = number + step, met + 1
    print(f"{way}, {place}: {met} faults met, up to call {number}, each {step}-th")
    assert met > 0
