"""Read tree heads that were kept elsewhere: lines of `tree-heads.log`, or C2SP checkpoints."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path

from stenolog.compliance.tree_heads import EPOCH_NAME, UUID, TreeHead, head_in
from stenolog.errors import InvalidRequest
from stenolog.log.merkle import HASH_BYTES

BYTES_MAX = 256 << 20  # a line a minute for more than three years
# C2SP tlog-checkpoint: origin, size and root of a note, each on a line of its own. Its signature is
# for who gets it over a wire; the file is believed as it was kept.
_ORIGIN = re.compile(rf"stenolog/(?P<log>{UUID})/{EPOCH_NAME}")
_SIZE = re.compile(r"[0-9]{1,16}")


def heads_elsewhere(path: Path) -> list[TreeHead]:
    """Return the tree heads in a file; other lines are passed over.

    Raises:
        InvalidRequest: It cannot be read, or has no tree head.
    """
    try:
        if path.stat().st_size > BYTES_MAX:
            raise InvalidRequest(f"{path}: more than {BYTES_MAX >> 20} MiB: cut its older heads")
        lines = path.read_bytes().decode("ascii", errors="replace").splitlines()
    except OSError as exc:
        raise InvalidRequest(f"{path}: {exc.strerror}") from exc
    heads = list(_heads(lines, path.name))
    if not heads:
        raise InvalidRequest(
            f"{path}: there is no tree head in it: a line of tree-heads.log, or what "
            "GET /api/v1/log/tree-head answered"
        )
    return heads


def _heads(lines: list[str], name: str) -> Iterator[TreeHead]:
    for number, line in enumerate(lines):
        head = head_in(line.encode())
        if head is not None:
            yield head
            continue
        origin = _ORIGIN.fullmatch(line)
        if origin is not None:
            note = _noted(origin, lines[number + 1 : number + 3], name)
            if note is not None:
                yield note


def _noted(origin: re.Match[str], rest: list[str], name: str) -> TreeHead | None:
    if len(rest) != 2 or not _SIZE.fullmatch(rest[0]):
        return None
    try:
        root = base64.b64decode(rest[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(root) != HASH_BYTES:
        return None
    return TreeHead(
        size=int(rest[0]),
        root=root.hex(),
        time=f"the checkpoint in {name}",
        log_id=origin["log"],
        epoch=int(origin["epoch"]),
        restore=origin["restore"] or "",
    )
