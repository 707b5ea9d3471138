"""Output that fails or stands still costs lines, never the program."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stenolog.lossy_output import BYTES_MAX, END_MS_MAX, LINES_MAX, LossyOutput

ROOT = Path(__file__).parents[2]
WAIT_S_MAX = 10.0
# Says that there is no room until it gets a line, then goes on.
SPEAKER = """
import os, sys
import structlog
from stenolog.lossy_output import lost_lines, replace_output
from stenolog.telemetry import configure_logging

replace_output("stderr")
configure_logging("info", "json")
log = structlog.get_logger()
beside = os.dup(2)
os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
for number in range(3):
    log.info("room.lost", number=number)
print("a traceback", file=sys.stderr)
while lost_lines() < 4:
    pass
os.dup2(beside, 2)
log.info("room.spoke")
raise RuntimeError("the last that is seen")
"""


def run(program: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=40,
        check=False,
    )


def test_lost_lines_are_told_in_one_when_lines_go_out_again() -> None:
    ended = run(SPEAKER)
    lines = ended.stderr.decode().splitlines()
    spoke, told = (json.loads(line) for line in lines if line.startswith("{"))
    assert spoke["event"] == "room.spoke"
    assert (told["event"], told["lines"], told["level"]) == ("telemetry.lines_lost", 4, "warning")
    assert told["advice"]
    rest = [line for line in lines if not line.startswith("{")]
    assert rest[0].startswith("Traceback")
    assert rest[-1] == "RuntimeError: the last that is seen"
    assert ended.returncode == 1


@pytest.mark.parametrize("command", ["serve", "keys list", "nonsense"])
def test_a_command_that_cannot_say_why_still_ends_with_its_status(
    command: str, tmp_path: Path
) -> None:
    """Its line would be written to a disk that is full."""
    full = os.open("/dev/full", os.O_WRONLY)
    said = {}
    for name, stderr in (("heard", subprocess.PIPE), ("unheard", full)):
        ended = subprocess.run(
            [sys.executable, "-m", "stenolog", *command.split(), "--data-dir", str(tmp_path / "a")],
            cwd=ROOT,
            env={"STENOLOG_PORT": "none"},
            stdout=subprocess.PIPE,
            stderr=stderr,
            timeout=40,
            check=False,
        )
        said[name] = ended.returncode
    os.close(full)
    assert said["heard"] == said["unheard"] != 0


SIDE = """
import asyncio, os, sys
from stenolog.side_process import SideProcess
from tests.unit.test_lossy_output import chatter

async def main():
    side = SideProcess()
    os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
    try:
        os.write(1, str(await side.run(chatter, 3)).encode())
    finally:
        await side.close()

if __name__ == "__main__":
    asyncio.run(main())
"""


def chatter(times: int) -> int:
    """What a side process computes, saying much, and through a library."""
    for _ in range(times):
        print("said", file=sys.stderr, flush=True)
    return times


def test_a_side_process_that_cannot_say_something_computes() -> None:
    ended = run(SIDE)
    assert (ended.stdout, ended.returncode) == (b"3", 0)


def test_what_nobody_reads_is_bounded_in_bytes_and_lines() -> None:
    for chunk in (b"\n", b"y" * 65_535 + b"\n"):
        reader, writer = os.pipe()
        output = LossyOutput(writer)
        times = LINES_MAX + 100_000 if len(chunk) == 1 else 2 * BYTES_MAX // len(chunk)
        began = time.monotonic()
        for _ in range(times):
            output.write(chunk)
        assert time.monotonic() - began < WAIT_S_MAX
        taken = times - output.lost_lines
        # What the pipe itself holds is out, and counts no more.
        assert taken * len(chunk) <= BYTES_MAX + 65_536
        assert taken <= LINES_MAX + 65_536
        got = b""
        while (
            len(got) < taken * len(chunk)  # all is read: the thread must not outlive the pipe
            or sum(map(int, re.findall(rb"stenolog: (\d+) lines", got))) < output.lost_lines
        ):
            assert select.select([reader], [], [], WAIT_S_MAX)[0], "not all is told"
            got += os.read(reader, 65_536)
        output.end()
        os.close(reader)
        os.close(writer)


def test_the_end_waits_for_the_last_lines_and_not_for_ever() -> None:
    reader, writer = os.pipe()
    output = LossyOutput(writer)
    output.write(b"the last\n")
    output.end()
    assert os.read(reader, 100) == b"the last\n"
    assert output.write(b"dropped\n") == 8
    stuck = LossyOutput(writer)
    stuck.write(b"z" * 200_000)
    began = time.monotonic()
    stuck.end()
    assert END_MS_MAX / 1000 <= time.monotonic() - began < WAIT_S_MAX
    os.close(reader)  # its thread ends over that
    until_lost(stuck)
    os.close(writer)


def until_lost(output: LossyOutput) -> None:
    ends = time.monotonic() + WAIT_S_MAX
    while not output.lost_lines:
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_a_line_that_broke_off_is_ended_before_the_next() -> None:
    reader, writer = os.pipe()
    output = LossyOutput(writer)
    output.write(b"z" * 200_000 + b"\n")
    assert os.read(reader, 1) == b"z"
    os.close(reader)
    until_lost(output)
    reader, another = os.pipe()
    os.dup2(another, writer)
    output.write(b"whole\n")
    output.end()
    assert os.read(reader, 100).startswith(b"\nwhole\n")
    for descriptor in (reader, another, writer):
        os.close(descriptor)
