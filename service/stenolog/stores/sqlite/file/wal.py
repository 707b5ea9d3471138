"""Read from a WAL which pages it has, and tell whether a file lacks pages that it builds on.

A WAL begins when everything before it is in the file. So each page that the file has not must be in
the WAL; where one is in neither, the file was replaced by an older one.

Source: SQLite, "WAL-mode File Format".
"""

from __future__ import annotations

import struct
from pathlib import Path

SUFFIX = "-wal"
_HEADER = struct.Struct(">4xIIIII8x")  # version, page size, sequence, two salts
_FRAME = struct.Struct(">IIII8x")  # page, pages of the file after a commit or 0, two salts
LOCKED_BYTE = 0x40000000  # the page that has it is never written (SQLite, "The Lock-Byte Page")


def pages_missing(path: Path) -> int:
    """Count the pages that are neither in the file nor in its WAL; 0: it is whole, or has no WAL.

    Raises:
        OSError: One of them cannot be read.
    """
    with path.with_name(path.name + SUFFIX).open("rb") as wal:
        header = wal.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return 0
        _, page_bytes, _, *salts = _HEADER.unpack(header)
        if page_bytes == 0:
            return 0
        written: set[int] = set()
        committed: set[int] = set()
        pages = 0
        while len(frame := wal.read(_FRAME.size)) == _FRAME.size:
            page, size, *own = _FRAME.unpack(frame)
            if own != salts:
                break  # of the WAL that was here before
            written.add(page)
            if size:
                committed |= written
                written.clear()
                pages = size
            wal.seek(page_bytes, 1)
    there = path.stat().st_size // page_bytes
    locked = LOCKED_BYTE // page_bytes + 1
    return sum(page not in committed and page != locked for page in range(there + 1, pages + 1))
