"""Tree heads as tests write them."""

from __future__ import annotations

from pathlib import Path

from stenolog.clock import now_us, rfc3339
from stenolog.compliance.tree_heads import TreeHead, write_head
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Frontier


def head_of(tree: Frontier, identity: LogIdentity) -> TreeHead:
    """The head of a tree, now."""
    return TreeHead.of(identity, size=tree.count, root=tree.root().hex(), time=rfc3339(now_us()))


def note_head(path: Path, tree: Frontier, identity: LogIdentity) -> None:
    """The head of a tree stands in the file."""
    write_head(path, head_of(tree, identity))
