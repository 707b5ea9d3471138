"""Copy sealed uploads into a backup and back; they are listed with their hashes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from stenolog.errors import CannotStart
from stenolog.stores.files.directory import FILE_MODE, UPLOADS
from stenolog.stores.files.durable import copy_checked, copy_durably, digest_of, sync
from stenolog.stores.files.upload_listing import NAME

LIST = "uploads.txt"
_LINE = re.compile(rf"([0-9a-f]{{64}})  {UPLOADS}/({NAME.pattern})\n")

Counted = Callable[[int], None]
"""Told how many files are copied, after each."""


def copy_uploads(source: Path, target: Path, counted: Counted) -> int:
    """Copy every upload of a data directory, and list them as `sha256sum` does; count them.

    Files are added and removed meanwhile. One that is removed was released: the log says so.

    Raises:
        OSError: One cannot be read, or a copy cannot be written.
    """
    copies = target / UPLOADS
    copies.mkdir(mode=0o700)
    count = 0
    descriptor = os.open(target / LIST, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="ascii") as listed:
        for name in _names(source / UPLOADS):
            try:
                digest = copy_durably(source / UPLOADS / name, copies / name)
            except FileNotFoundError:
                continue
            listed.write(f"{digest}  {UPLOADS}/{name}\n")
            count += 1
            counted(count)
        listed.flush()
        os.fsync(listed.fileno())
    sync(copies)
    return count


def restore_uploads(
    source: Path,
    listed: Path,
    directory: Path,
    staging: Path,
    *,
    count: int,
    is_released: Callable[[str], bool],
    counted: Counted,
) -> None:
    """Copy the uploads of a backup to where they are put in place from, unless they are there.

    What else is there stays: an upload that no event names is removed by the service's sweep.

    Args:
        source: The part of the backup with the log.
        listed: The list of uploads, checked against its hash.
        directory: The data directory.
        staging: Where the copies go.
        count: How many are listed.
        is_released: Tells of an upload's id whether the file was removed since.
        counted: Told how many were looked at, after each.

    Raises:
        CannotStart: One is not what was copied, or is missing.
        OSError: One cannot be read or written.
    """
    seen = 0
    with listed.open(encoding="ascii") as lines:
        for seen, line in enumerate(lines, start=1):
            match = _LINE.fullmatch(line)
            if match is None:
                raise CannotStart(f"{source / LIST} is damaged: take another backup")
            if not is_released(match[2]):
                file = source / UPLOADS / match[2]
                _restore(file, directory / UPLOADS / match[2], staging / match[2], match[1])
            counted(seen)
    if seen != count:
        raise CannotStart(f"{source / LIST} names {seen} of {count} uploads: take another backup")


def _restore(source: Path, there: Path, target: Path, digest: str) -> None:
    if there.is_file() and digest_of(there) == digest:
        return
    copy_checked(source, target, digest)


def _names(directory: Path) -> Iterator[str]:
    if not directory.is_dir():
        return
    with os.scandir(directory) as entries:
        yield from (entry.name for entry in entries if NAME.fullmatch(entry.name))
