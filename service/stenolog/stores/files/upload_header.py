"""Begin the file of an upload with the id of its log, so that it is told from another log's."""

from __future__ import annotations

import uuid
from pathlib import Path

MAGIC = b"STNUPL01"
HEADER_BYTES = len(MAGIC) + 16


def header_of(log_id: str) -> bytes:
    """Return the first 24 bytes of each file of this log: a magic number, and the log's id."""
    return MAGIC + uuid.UUID(log_id).bytes


def header_at(path: Path) -> bytes:
    """Return what the file begins with; empty when there is no file.

    Raises:
        OSError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(HEADER_BYTES)
    except (FileNotFoundError, IsADirectoryError):
        return b""


def is_of_another_log(header: bytes, ours: bytes) -> bool:
    """Tell whether a file begins as an upload of another log; a damaged one does not."""
    return len(header) == HEADER_BYTES and header.startswith(MAGIC) and header != ours
