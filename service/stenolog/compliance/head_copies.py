"""Copy tree heads with a log that is copied, and add what a restore leaves behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from stenolog.compliance.tree_heads import TreeHead, each_head, line_of, write_head


def copy_heads(source: Path, target: Path, last: TreeHead) -> None:
    """Copy the heads of a log that is copied up to `last`, and append that one, durably.

    Heads of an earlier epoch are all copied: they may be of events that a restore has lost.

    Raises:
        OSError: The file cannot be written.
        StoreUnavailable: One of the two cannot be read, or the last head cannot be written.
    """
    _append(source, target, lambda head: _belongs(head, last))
    write_head(target, last)


def add_heads(sources: Iterable[Path], target: Path, wanted: Callable[[TreeHead], bool]) -> None:
    """Append those heads in these files that are wanted; a file that is not there has none.

    Raises:
        OSError: The file cannot be written.
        StoreUnavailable: One of them cannot be read.
    """
    for source in sources:
        _append(source, target, wanted)


def _append(source: Path, target: Path, wanted: Callable[[TreeHead], bool]) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(line_of(head) for head in each_head(source) if head and wanted(head))
        file.flush()
        os.fsync(file.fileno())


def _belongs(head: TreeHead, last: TreeHead) -> bool:
    return head.log_id == last.log_id and (
        head.epoch < last.epoch or (head.identity == last.identity and head.size < last.size)
    )
