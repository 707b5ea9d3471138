"""Count the uploads for `stenolog doctor`, and say how long they are kept."""

from __future__ import annotations

import os
import re
from pathlib import Path

from stenolog.cli.findings import Finding
from stenolog.config.settings import Settings
from stenolog.stores.files.directory import UPLOADS

WHAT = "uploads"
NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MB = 1_000_000


def uploads(settings: Settings) -> Finding:
    """Say how many files there are, their bytes on the disk, and when they go."""
    try:
        files, size = _held(settings.data_dir / UPLOADS)
    except FileNotFoundError:
        return Finding(what=WHAT, holds=None, said="not there yet")
    except OSError as exc:
        return Finding(
            what=WHAT,
            holds=False,
            said=f"{settings.data_dir / UPLOADS} cannot be read: {exc.strerror}",
            advice="give it to this user",
        )
    counted = f"{files} file{'' if files == 1 else 's'}, {size / MB:,.1f} MB"
    return Finding(what=WHAT, holds=True, said=f"{counted}; {_kept(settings.upload_retention_ms)}")


def _held(directory: Path) -> tuple[int, int]:
    files = size = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            if not NAME.fullmatch(entry.name):
                continue  # on its way, or none of ours
            try:
                size += entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue  # removed meanwhile
            files += 1
    return files, size


def _kept(retention_ms: int | None) -> str:
    if retention_ms is None:
        return "each is kept until its transcriptions are deleted"
    if retention_ms == 0:
        return "each is kept until its transcriptions have their outcome"
    return f"each is kept until {retention_ms} ms after the outcome of its transcriptions"
