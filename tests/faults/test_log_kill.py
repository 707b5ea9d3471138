"""What was acknowledged survives `kill -9` at any instant; what was not is there whole or not."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.compliance.tree_heads import FILE_NAME, read_heads
from stenolog.compliance.vault import Vault
from stenolog.compliance.verdict import Verdict
from stenolog.compliance.verify import verify
from stenolog.log.event import Event
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from stenolog.stores.sqlite.records import SqliteRecords
from tests.faults.appender import MASTER, pair
from tests.log_samples import BEGUN

ROOT = Path(__file__).parents[2]
ACKNOWLEDGED_MAX = 300  # in one round
AGAIN_AT_ONCE = 1_000  # far from as many as may wait for the log


def append_until_killed(directory: Path, after: int) -> tuple[list[str], list[str]]:
    """The lines `try` and `ok` of a child that was killed behind `after` acknowledgements."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.appender", str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with child:
        assert child.stdout is not None
        lines: list[str] = []
        acknowledged = 0
        while acknowledged < after:
            line = child.stdout.readline()
            assert line, "the child ended by itself"
            lines.append(line)
            acknowledged += line.startswith("ok ")
        child.kill()
        lines += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    whole = [line for line in lines if line.endswith("\n")]
    return (
        [line.removeprefix("try ") for line in whole if line.startswith("try ")],
        [line.removeprefix("ok ") for line in whole if line.startswith("ok ")],
    )


def verified(directory: Path) -> Verdict:
    """As `log verify` finds the files, before anybody else has opened them."""
    heads, _ = read_heads(directory / FILE_NAME)
    records = SqliteRecords(directory / "log.db", directory / "keys.db")
    with contextlib.closing(records):
        return verify(records, MASTER, heads)


async def all_events(log: SqliteLog) -> list[Event]:
    events: list[Event] = []
    while more := await log.read(after=len(events)):
        events += more
    return events


async def check(directory: Path, tried: list[str], acknowledged: list[str]) -> None:
    log = await SqliteLog.open(directory / "log.db")
    keys = await SqliteKeys.open(directory / "keys.db", log.identity)
    try:
        events = await all_events(log)
        counts = Counter(event.id for event in events)
        assert not counts or max(counts.values()) == 1
        for line in acknowledged:
            first, second, _ = line.split()
            assert counts[first] == counts[second] == 1, "an acknowledged event is lost"
        for line in tried:
            first, second, _ = line.split()
            assert counts[first] == counts[second], "half of an append is there"
        vault = Vault(MASTER, keys, log.sealings)
        for event in events[-20:]:
            if sealed := await log.payload(event.position):
                await vault.open(event.id, sealed)
        await try_again(log, vault, tried, set(counts))
        assert await log.head() == BEGUN + 2 * len(tried)
    finally:
        await log.close()
        await keys.close()


async def try_again(log: SqliteLog, vault: Vault, tried: list[str], known: set[str]) -> None:
    """A caller who heard nothing appends again with the same ids: nothing is doubled."""

    async def again(line: str) -> None:
        first, second, stream = line.split()
        requested, claimed = pair(first, second)
        sealed = await vault.seal(stream, first, b"what was asked")
        appended = await log.append(stream, [replace(requested, payload=sealed), claimed])
        assert appended.already_there == (first in known)

    for begin in range(0, len(tried), AGAIN_AT_ONCE):
        await asyncio.gather(*map(again, tried[begin : begin + AGAIN_AT_ONCE]))


def rounds(directory: Path, count: int, chance: random.Random, *, looked_at: int = 1) -> None:
    """Append and kill `count` times, and look at all of the log after each `looked_at` of them."""
    tried: list[str] = []
    acknowledged: list[str] = []
    for number in range(1, count + 1):
        more, sure = append_until_killed(directory, chance.randint(1, ACKNOWLEDGED_MAX))
        tried += more
        acknowledged += sure
        if number % looked_at:
            continue
        before = verified(directory).count
        asyncio.run(check(directory, tried, acknowledged))
        assert before <= verified(directory).count == BEGUN + 2 * len(tried)
        acknowledged = list(tried)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_acknowledged_event_survives_a_kill_exactly_once(seed: int, tmp_path: Path) -> None:
    rounds(tmp_path, 4, random.Random(seed))


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_every_acknowledged_event_survives_many_kills(tmp_path: Path) -> None:
    rounds(tmp_path, 150, random.Random(0), looked_at=10)
