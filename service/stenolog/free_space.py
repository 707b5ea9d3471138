"""Keep some of a disk free: for the log, the keys and the views, whatever customers send."""

from __future__ import annotations

import shutil
from pathlib import Path

from stenolog.errors import StoreUnavailable


class NoRoom(StoreUnavailable, code="no-room"):
    """A file was not stored, because the disk would be too full; the message is for the client."""


def require_free(directory: Path, more_bytes: int, *, reserve_bytes: int) -> None:
    """Look whether the disk would have `reserve_bytes` left; this may wait for the disk.

    Raises:
        NoRoom: It would not, with `more_bytes` more on it.
        OSError: It cannot be looked at.
    """
    if shutil.disk_usage(directory).free - more_bytes < reserve_bytes:
        raise NoRoom(
            "There is no room for the file now: the disk of the service is nearly full. "
            "Try again later"
        )
