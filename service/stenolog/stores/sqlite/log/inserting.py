"""Insert what a batch has sequenced, in the transaction that is open."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from operator import itemgetter

from stenolog.log.batch import Row, Sequenced
from stenolog.stores.sqlite.log.ends import write_ends
from stenolog.stores.sqlite.log.nodes import insert_nodes
from stenolog.stores.sqlite.log.open_rows import write_open

_columns = itemgetter("position", "id", "stream", "version", "tenant", "sequence", "type")


def insert(connection: sqlite3.Connection, sequenced: Sequenced) -> None:
    """Insert the accepted events with their payloads and dedupe keys, and move the tree on."""
    rows: Sequence[Row] = sequenced.rows
    connection.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*_columns(row.envelope), row.stored, row.leaf) for row in rows],
    )
    connection.executemany(
        "INSERT INTO payloads VALUES (?, ?, ?)",
        [
            (row.envelope["position"], row.payload.key_id, row.payload.box)
            for row in rows
            if row.payload is not None
        ],
    )
    connection.executemany(
        "INSERT INTO dedupe VALUES (?, ?)",
        [(row.dedupe_key, row.envelope["position"]) for row in rows if row.dedupe_key is not None],
    )
    write_ends(connection, rows)
    insert_nodes(connection, sequenced.nodes)
    write_open(connection, sequenced.open_streams)
    frontier = sequenced.frontier
    connection.execute(
        "UPDATE tree SET count = ?, frontier = ?, last_us = ?",
        (frontier.count, frontier.to_bytes(), sequenced.time_us),
    )
