"""Write and read tree heads in a file beside the log, so that a truncation is noticed."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stenolog.clock import now_us, rfc3339
from stenolog.errors import StoreUnavailable
from stenolog.heartbeat import BEAT_EVERY_MS, Heartbeat
from stenolog.log.merkle import Frontier

FILE_NAME = "tree-heads.log"
EVENTS_PER_HEAD = 1_000
_LINE = re.compile(r"(\d{1,16}) ([0-9a-f]{64}) (\S{20,32})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """The root over the first `count` events, as it was at `time`."""

    count: int
    root: str
    time: str


class Tree(Protocol):
    """The part of the log that tree heads are made from."""

    async def frontier(self) -> Frontier:
        """Return the tree over everything that is committed."""
        ...

    async def wait(self, *, after: int) -> int:
        """Return the head as soon as it is beyond `after`."""
        ...


def write_head(path: Path, frontier: Frontier) -> None:
    """Append a line `count root time`; it is on the disk when this returns.

    Raises:
        StoreUnavailable: It could not be written.
    """
    line = f"{frontier.count} {frontier.root().hex()} {rfc3339(now_us())}\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # A line cut short by a crash must not swallow the next one.
            size = os.fstat(descriptor).st_size
            whole = size == 0 or _last_byte(path) == b"\n"
            text = (line if whole else "\n" + line).encode()
            if os.write(descriptor, text) != len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
            if size == 0:
                _sync_directory(path.parent)
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise StoreUnavailable(f"{FILE_NAME}: {exc.strerror}") from exc


def read_heads(path: Path) -> tuple[list[TreeHead], int]:
    """Return the tree heads in the file, and how many of its lines are not readable.

    Raises:
        StoreUnavailable: The file is there and cannot be read.
    """
    heads, unreadable = [], 0
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return [], 0
    except OSError as exc:
        raise StoreUnavailable(f"{FILE_NAME}: {exc.strerror}") from exc
    for line in text.split("\n"):
        match = _LINE.fullmatch(line)
        if match:
            heads.append(TreeHead(count=int(match[1]), root=match[2], time=match[3]))
        elif line:
            unreadable += 1
    return heads, unreadable


async def record_heads(tree: Tree, path: Path, heartbeat: Heartbeat) -> None:
    """Write a head now and after every thousand events, until cancelled."""
    written = -1
    while True:
        frontier = await tree.frontier()
        if frontier.count != written:
            await asyncio.to_thread(write_head, path, frontier)
            written = frontier.count
        heartbeat.beat()
        while not await _has_grown(tree, after=written + EVENTS_PER_HEAD - 1):
            heartbeat.beat()


async def _has_grown(tree: Tree, *, after: int) -> bool:
    """Tell whether the log is beyond `after`; False is said when the next beat is due."""
    try:
        async with asyncio.timeout(BEAT_EVERY_MS / 1000):
            await tree.wait(after=after)
    except TimeoutError:
        return False
    return True


def _sync_directory(directory: Path) -> None:
    # A new file outlives a power cut only once its name does.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
