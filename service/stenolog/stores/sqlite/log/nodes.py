"""Write and read the tree's nodes that are kept: leaves in `events`, the others in `nodes`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

import aiosqlite

from stenolog.errors import StoreError
from stenolog.log.merkle import HASH_BYTES, Node, Place
from stenolog.log.subtrees import Span
from stenolog.stores.sqlite.file.connection import read_rows

# Spans first, each read by primary key: CROSS JOIN keeps SQLite from another order.
_OF_SPANS = """
WITH spans AS (
    SELECT json_extract(value, '$[0]') AS wanted, json_extract(value, '$[1]') AS first,
        json_extract(value, '$[2]') AS last
    FROM json_each(?)
)
SELECT 0, position - 1, leaf FROM spans CROSS JOIN events
    ON position BETWEEN first + 1 AND last + 1 WHERE wanted = 0
UNION ALL
SELECT level, number, hash FROM spans CROSS JOIN nodes
    ON level = wanted AND number BETWEEN first AND last
"""


def insert_nodes(connection: sqlite3.Connection, nodes: Sequence[Node]) -> None:
    """Insert nodes in the running transaction: those that its events complete.

    A damaged one in the place of one that was not complete yet is replaced.
    """
    connection.executemany(
        "INSERT OR REPLACE INTO nodes VALUES (?, ?, ?)",
        [(node.place.level, node.place.number, node.hash) for node in nodes],
    )


async def read_nodes(reader: aiosqlite.Connection, spans: Sequence[Span]) -> Mapping[Place, bytes]:
    """Return the hashes of all nodes in these spans.

    Raises:
        StoreError: One of them is missing or damaged.
        StoreUnavailable: The log cannot be read now.
    """
    asked = json.dumps([(span.level, span.first, span.last) for span in spans])
    rows = await read_rows(reader, "log.db", _OF_SPANS, asked)
    wanted = sum(span.last - span.first + 1 for span in spans)
    sound = all(isinstance(row[2], bytes) and len(row[2]) == HASH_BYTES for row in rows)
    if len(rows) != wanted or not sound:
        raise StoreError(
            "log.db: nodes of the tree are missing or damaged; run `stenolog log verify`, "
            "and mend them with `stenolog log mend-nodes`"
        )
    return {Place(level, number): node for level, number, node in rows}
