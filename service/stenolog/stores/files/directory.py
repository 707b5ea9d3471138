"""Make and lock the data directory, and read the small files in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stenolog.errors import CannotStart, DataDirectoryLocked

LOG, KEYS, VIEWS, WORK = "log.db", "keys.db", "views.db", "work.db"
WORK_MARK = "work.mark"
SEARCH = "search.db"  # never opened by the library that opens the others
LOCK, MASTER_KEY, NEXT_MASTER_KEY, API_KEY, UPLOADS, SCRATCH = (
    "lock",
    "master-key",
    "master-key.next",
    "api-key",
    "uploads",
    "engine-scratch",
)
DIRECTORY_MODE, FILE_MODE = 0o700, 0o600
LOCK_BYTES_MAX = 4_096
# Waits before each try to lock: `running` has the lock for a moment, and refuses nobody by it.
LOCK_TRIES_MS = (0, 50, 50, 50, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Which gateway holds the lock."""

    pid: int
    url: str


def make_directory(path: Path) -> None:
    """Make the directory, give it to this user alone, and check that it can be written.

    Raises:
        CannotStart: It cannot be made or written; the message says what to do.
    """
    try:
        path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        path.chmod(DIRECTORY_MODE)
        for part in (UPLOADS, SCRATCH):
            (path / part).mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        probe = path / ".writable"
        probe.touch(mode=FILE_MODE)
        probe.unlink()
    except OSError as exc:
        raise CannotStart(
            f"data directory {path}: {exc.strerror}; give a directory that this user can write "
            "with --data-dir or STENOLOG_DATA_DIR"
        ) from exc


@contextlib.contextmanager
def locked(path: Path, *, url: str = "") -> Iterator[None]:
    """This process alone may write here; `DATA_DIR/lock` says who it is and where it listens.

    Raises:
        DataDirectoryLocked: Another one does.
        CannotStart: The lock cannot be written.
    """
    with _lock_errors(path):
        itself = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        with _lock_errors(path):
            _take(itself, descriptor, path, url)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # nobody reads it once the lock is free
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
        os.close(itself)


@contextlib.contextmanager
def _lock_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise CannotStart(
            f"{path / LOCK} cannot be written: {exc.strerror}; it must be a file of a directory "
            "that this user can write"
        ) from exc


def _take(itself: int, descriptor: int, path: Path, url: str) -> None:
    # The directory too: whoever removes the file, as a lock that looks stale, admits nobody.
    if not (_locked(descriptor) and _directory_locked(itself)):
        other = _read(descriptor)
        at = f" (process {other.pid} at {other.url or 'no address'})" if other else ""
        raise DataDirectoryLocked(
            f"data directory {path} is in use by another gateway{at}: stop it, or give "
            "another directory with --data-dir"
        )
    content = json.dumps({"pid": os.getpid(), "url": url}).encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, content, 0)


def _locked(descriptor: int) -> bool:
    return any(_locks(descriptor, after_ms) for after_ms in LOCK_TRIES_MS)


def _directory_locked(itself: int) -> bool:
    try:
        return _locked(itself)
    except OSError:
        return True  # NFS locks no directory; the lock on the file is what holds there


def _locks(descriptor: int, after_ms: int) -> bool:
    time.sleep(after_ms / 1000)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def running(path: Path) -> Running | None:
    """Return the gateway that holds the lock; None when nobody does."""
    try:
        descriptor = os.open(path / LOCK, os.O_RDONLY | os.O_NONBLOCK)  # no pipe is waited for
    except OSError:
        return None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _read(descriptor)
        return None
    finally:
        os.close(descriptor)


def read_api_key(path: Path) -> str:
    """Return the line in `DATA_DIR/api-key`, whatever it is; empty when there is no such file.

    Raises:
        CannotStart: The file cannot be read.
    """
    file = path / API_KEY
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""
    except OSError as exc:
        raise CannotStart(f"{file} cannot be read: {exc.strerror}") from exc


def write_durably(file: Path, text: str) -> None:
    """Write the whole file with mode 0600, or none of it.

    Raises:
        CannotStart: It cannot be written.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
        parent = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
    except OSError as exc:
        raise CannotStart(f"{file}: {exc.strerror}") from exc


def _read(descriptor: int) -> Running | None:
    try:
        said = json.loads(os.pread(descriptor, LOCK_BYTES_MAX, 0))
        return Running(pid=int(said["pid"]), url=str(said["url"]))
    except (ValueError, KeyError, TypeError):
        return None
