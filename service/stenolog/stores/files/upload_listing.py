"""List the files of uploads as they are on the disk; those that are being written are not there."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from stenolog.compliance.upload_lifetime import StoredFile
from stenolog.errors import PayloadDamaged
from stenolog.stores.files.upload_frames import plain_size

NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def stored_in(directory: Path, after: str, limit: int) -> Sequence[StoredFile]:
    """Return at most `limit` files with ids greater than `after`, in order of id."""
    with os.scandir(directory) as entries:
        names = sorted(
            entry.name for entry in entries if entry.name > after and NAME.fullmatch(entry.name)
        )
    found = []
    for name in names[:limit]:
        with contextlib.suppress(FileNotFoundError):  # discarded meanwhile
            written_ms = (directory / name).stat().st_mtime_ns // 1_000_000
            found.append(StoredFile(upload=name, written_ms=written_ms))
    return found


def sizes_in(directory: Path) -> list[tuple[str, int]]:
    """Return the id of every file, and how many bytes its customer sent.

    A damaged file counts as what it has on the disk.
    """
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if NAME.fullmatch(entry.name):
                with contextlib.suppress(FileNotFoundError):  # discarded meanwhile
                    found.append((entry.name, _size_of(entry.stat().st_size)))
    return found


def _size_of(stored: int) -> int:
    try:
        return plain_size(stored)
    except PayloadDamaged:
        return stored
