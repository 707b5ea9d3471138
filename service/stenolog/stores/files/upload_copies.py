"""Copy sealed uploads into a backup and back; they are listed with their hashes."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from stenolog.errors import CannotStart
from stenolog.stores.files.directory import FILE_MODE, UPLOADS
from stenolog.stores.files.durable import copy_durably, digest_of, sync
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


def restore_uploads(source: Path, target: Path, counted: Counted) -> int:
    """Put the uploads of a backup into a data directory, unless they are there; count them.

    What else is there stays: an upload that no event names is removed by the service's sweep.

    Raises:
        CannotStart: One is not what was copied.
        OSError: One cannot be read or written.
    """
    count = 0
    with (source / LIST).open(encoding="ascii") as listed:
        for line in listed:
            match = _LINE.fullmatch(line)
            if match is None:
                raise CannotStart(f"{source / LIST} is damaged: take another backup")
            _restore(source / UPLOADS / match[2], target / UPLOADS / match[2], match[1])
            count += 1
            counted(count)
    sync(target / UPLOADS)
    return count


def _restore(source: Path, target: Path, digest: str) -> None:
    if target.is_file() and digest_of(target) == digest:
        return
    part = target.with_name(f"{target.name}.part")
    try:
        if copy_durably(source, part) != digest:
            raise CannotStart(f"{source} is not what was copied: take another backup")
        part.rename(target)
    except FileNotFoundError as exc:
        raise CannotStart(f"{source} is missing: take another backup") from exc
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _names(directory: Path) -> Iterator[str]:
    if not directory.is_dir():
        return
    with os.scandir(directory) as entries:
        yield from (entry.name for entry in entries if NAME.fullmatch(entry.name))
