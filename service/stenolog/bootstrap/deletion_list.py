"""Read a list of what was erased since a backup."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stenolog.compliance.deletions import Deletions
from stenolog.errors import CannotStart

LIST_BYTES_MAX = 1 << 30  # some ten million lines


def read_list(path: Path | None, deletions: Deletions) -> str:
    """Add what the list says; return its SHA-256 in hex, empty without one.

    Raises:
        CannotStart: It cannot be read, or is not such a list.
    """
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            content = file.read(LIST_BYTES_MAX + 1)
    except OSError as exc:
        raise CannotStart(f"--deletions {path}: {exc.strerror}") from exc
    if len(content) > LIST_BYTES_MAX:
        raise CannotStart(f"--deletions {path}: more than {LIST_BYTES_MAX >> 20} MiB")
    deletions.read(content.decode(errors="replace").splitlines(), str(path))
    return hashlib.sha256(content).hexdigest()
