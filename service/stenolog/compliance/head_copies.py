"""Copy the tree heads that a copy of a log has, so that it can be compared with them."""

from __future__ import annotations

import os
from pathlib import Path

from stenolog.compliance.tree_heads import TreeHead, head_in, write_head


def copy_heads(source: Path, target: Path, last: TreeHead) -> None:
    """Copy the heads of a log that is copied up to `last`, and append that one, durably.

    Heads of an earlier epoch are all copied: they may be of events that a restore has lost.

    Raises:
        OSError: The file cannot be read or written.
        StoreUnavailable: The last head cannot be written.
    """
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as copies:
        if source.is_file():
            with source.open("rb") as lines:
                copies.writelines(line for line in lines if _belongs(line, last))
    write_head(target, last)


def _belongs(line: bytes, last: TreeHead) -> bool:
    head = head_in(line.rstrip(b"\n"))
    return (
        head is not None
        and head.log_id == last.log_id
        and (head.epoch < last.epoch or (head.epoch == last.epoch and head.size < last.size))
    )
