"""Write the tree's nodes anew where they are not those of the leaves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from stenolog.log.merkle import HASH_BYTES, LEVELS_PER_TILE, Frontier, Node
from stenolog.stores.sqlite.log.stored import stored_frontier

LEAVES_PER_READ = 10_000
# Of levels and numbers that no tree of this size has; a level beyond 62 would overflow.
_DELETE_SUPERFLUOUS = (
    "DELETE FROM nodes WHERE typeof(level) != 'integer' OR typeof(number) != 'integer' "  # noqa: S608  ours
    f"OR level NOT BETWEEN {LEVELS_PER_TILE} AND 62 OR level % {LEVELS_PER_TILE} != 0 "
    "OR number < 0 OR number >= (? >> level)"
)


def mend_nodes(connection: sqlite3.Connection) -> int | None:
    """Mend, in the running transaction, the nodes that do not follow from the leaves; count them.

    Leaves that do not lead to the tree's own frontier mend nothing: None.

    Raises:
        StoreError: The tree's row is damaged.
    """
    row = connection.execute("SELECT count, frontier FROM tree").fetchone()
    tree = stored_frontier(row)
    grown = Frontier()
    for so_far, _ in _grown(connection, tree.count):
        grown = so_far
    if grown != tree:
        return None
    mended = connection.execute(_DELETE_SUPERFLUOUS, (tree.count,)).rowcount
    for _, completed in _grown(connection, tree.count):
        for node in completed:
            mended += _mend(connection, node)
    return mended


def _mend(connection: sqlite3.Connection, node: Node) -> bool:
    kept = connection.execute(
        "SELECT hash FROM nodes WHERE level = ? AND number = ?", node.place
    ).fetchone()
    if kept is not None and kept[0] == node.hash:
        return False
    connection.execute("INSERT OR REPLACE INTO nodes VALUES (?, ?, ?)", (*node.place, node.hash))
    return True


def _grown(connection: sqlite3.Connection, count: int) -> Iterator[tuple[Frontier, list[Node]]]:
    """Yield the tree as it grows with the stored leaves, and the nodes to keep, in steps."""
    frontier = Frontier()
    for after in range(0, count, LEAVES_PER_READ):
        rows = connection.execute(
            "SELECT leaf FROM events WHERE position > ? AND position <= ? ORDER BY position",
            (after, min(after + LEAVES_PER_READ, count)),
        ).fetchall()
        if not all(isinstance(leaf, bytes) and len(leaf) == HASH_BYTES for (leaf,) in rows):
            return
        frontier, completed = frontier.grown(leaf for (leaf,) in rows)
        yield frontier, completed
