"""Read a list of what was erased since a backup."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stenolog.compliance.deletions import Deletions
from stenolog.errors import CannotStart

LIST_BYTES_MAX = 1 << 30  # some ten million lines
LINE_BYTES_MAX = 4_096  # a stream's name has some fifty; a comment may have more


def read_list(path: Path | None, deletions: Deletions) -> str:
    """Add what the list says, line by line; return its SHA-256 in hex, empty without one.

    Raises:
        CannotStart: It cannot be read, or is not such a list.
    """
    if path is None:
        return ""
    digest = hashlib.sha256()

    def lines(file: BinaryIO) -> Iterator[str]:
        number = size = 0
        while line := file.readline(LINE_BYTES_MAX + 1):
            number, size = number + 1, size + len(line)
            if len(line) > LINE_BYTES_MAX:
                raise CannotStart(
                    f"--deletions {path}, line {number}: longer than {LINE_BYTES_MAX} bytes"
                )
            if size > LIST_BYTES_MAX:
                raise CannotStart(f"--deletions {path}: more than {LIST_BYTES_MAX >> 20} MiB")
            digest.update(line)
            yield line.decode(errors="replace")

    try:
        with path.open("rb") as file:
            deletions.read(lines(file), str(path))
    except OSError as exc:
        raise CannotStart(f"--deletions {path}: {exc.strerror}") from exc
    return digest.hexdigest()
