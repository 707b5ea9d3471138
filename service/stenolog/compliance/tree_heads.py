"""Write and read tree heads in a file beside the log, so that a change of the past is noticed."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stenolog.errors import StoreUnavailable
from stenolog.log.format import LogIdentity

FILE_NAME = "tree-heads.log"
TAIL_BYTES = 64 * 1024  # some 400 lines: so far back the last readable one is looked for
LINE_BYTES_MAX = 4_096
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
EPOCH_NAME = rf"(?P<epoch>[0-9]{{1,9}})(?:-(?P<restore>{UUID}))?"
_LINE = re.compile(
    r"(?P<size>[0-9]{1,16}) (?P<root>[0-9a-f]{64}) (?P<time>[!-~]{20,32}) "
    rf"{EPOCH_NAME} (?P<log_id>{UUID})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """The tree over the first `size` events of a log, as it was at `time`.

    Attributes:
        root: The Merkle root, in hex.
        log_id: Which log.
        epoch: Of the log: after a restore its positions may mean other events.
        restore: The id of the restore that began the epoch; empty in the first one.
    """

    size: int
    root: str
    time: str
    log_id: str
    epoch: int
    restore: str

    @classmethod
    def of(cls, log: LogIdentity, *, size: int, root: str, time: str) -> TreeHead:
        """Return the head of this log."""
        return cls(
            size=size,
            root=root,
            time=time,
            log_id=log.log_id,
            epoch=log.epoch,
            restore=log.restore,
        )

    @property
    def identity(self) -> LogIdentity:
        """Of which log and epoch it is."""
        return LogIdentity(log_id=self.log_id, epoch=self.epoch, restore=self.restore)


def write_head(path: Path, head: TreeHead) -> None:
    """Append the line `size root time epoch logid`; it is on the disk when this returns.

    Raises:
        StoreUnavailable: It could not be written.
    """
    line = line_of(head)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # A line cut short by a crash must not swallow the next one.
            size = os.fstat(descriptor).st_size
            whole = size == 0 or _last_bytes(path, 1) == b"\n"
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


def line_of(head: TreeHead) -> str:
    """Return the head's line, with its end."""
    return f"{head.size} {head.root} {head.time} {head.identity.epoch_name} {head.log_id}\n"


def read_heads(path: Path) -> tuple[list[TreeHead], int]:
    """Return the tree heads in the file, and how many of its lines are not readable.

    Raises:
        StoreUnavailable: The file is there and cannot be read.
    """
    lines = list(each_head(path))
    heads = [head for head in lines if head]
    return heads, len(lines) - len(heads)


def each_head(path: Path) -> Iterator[TreeHead | None]:
    """Yield the tree heads in the file, one by one, and None for a line that is none.

    Raises:
        StoreUnavailable: The file is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            while line := file.readline(LINE_BYTES_MAX):
                if line != b"\n":
                    yield head_in(line.removesuffix(b"\n"))
    except FileNotFoundError:
        return
    except OSError as exc:
        raise StoreUnavailable(f"{FILE_NAME}: {exc.strerror}") from exc


def last_head(path: Path) -> TreeHead | None:
    """Return the last tree head that is readable in the end of the file, 64 KiB; None: none is.

    Raises:
        StoreUnavailable: The file is there and cannot be read.
    """
    try:
        tail = _last_bytes(path, TAIL_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise StoreUnavailable(f"{FILE_NAME}: {exc.strerror}") from exc
    lines = tail.split(b"\n")
    if len(tail) > TAIL_BYTES:
        del lines[0]  # the end of one, which may look like a whole one
    heads = map(head_in, reversed(lines))
    return next((head for head in heads if head), None)


def head_in(line: bytes) -> TreeHead | None:
    """Return the tree head that a line of the file is, without its end; None: it is none."""
    match = _LINE.fullmatch(line.decode("latin-1"))
    if match is None:
        return None
    return TreeHead(
        size=int(match["size"]),
        root=match["root"],
        time=match["time"],
        log_id=match["log_id"],
        epoch=int(match["epoch"]),
        restore=match["restore"] or "",
    )


def _last_bytes(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - count))
        return file.read(count)


def _sync_directory(directory: Path) -> None:
    # A new file outlives a power cut only once its name does.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
