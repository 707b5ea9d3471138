"""Find what stands in the place of the data directory, or of a file in it, and is none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stenolog.cli.findings import Finding
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.stores.files.directory import (
    API_KEY,
    KEYS,
    LOCK,
    LOG,
    MASTER_KEY,
    NEXT_MASTER_KEY,
    SEARCH,
    VIEWS,
    WORK,
    WORK_MARK,
)
from stenolog.stores.files.stream_tiles import FILE_NAME as STREAM_MAP

FILES = (
    LOG,
    KEYS,
    VIEWS,
    WORK,
    WORK_MARK,
    SEARCH,
    TREE_HEADS,
    STREAM_MAP,
    MASTER_KEY,
    NEXT_MASTER_KEY,
    API_KEY,
    LOCK,
)


def odd_directory(path: Path) -> Finding | None:
    """Say what has to be moved away before anything can be looked at; None: nothing has.

    From a pipe nothing would ever come.
    """
    what = "data directory"
    if os.path.lexists(path) and not path.is_dir():
        return Finding(
            what=what,
            holds=False,
            said=f"{path} is no directory",
            advice="choose another with --data-dir",
        )
    odd = [name for name in FILES if _is_odd(path / name)]
    if odd:
        return Finding(
            what=what,
            holds=False,
            said=f"{path}: {', '.join(odd)}: something that is no file has this name",
            advice="move it away, and restore the file from a backup",
        )
    return None


def _is_odd(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False  # it is not there, or whoever reads it says why not
