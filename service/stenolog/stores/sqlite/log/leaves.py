"""Read what the records of `log.db` say of their leaf hashes, also where they are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiosqlite

from stenolog.compliance.full_comparison import StoredLeaf
from stenolog.errors import RecordDamaged
from stenolog.log.canonical import leaf_hash
from stenolog.log.merkle import HASH_BYTES
from stenolog.stores.sqlite.file.connection import read_rows
from stenolog.stores.sqlite.log.stored import RECORD, stored_event


async def read_leaves(
    reader: aiosqlite.Connection, *, after: int, until: int
) -> Sequence[StoredLeaf]:
    """Return what stands at each position in (after, until], in order.

    Raises:
        StoreUnavailable: The log cannot be read now.
    """
    rows = await read_rows(
        reader,
        "log.db",
        f"SELECT {RECORD} FROM events WHERE position > ? AND position <= ?",  # noqa: S608  ours
        after,
        until,
    )
    found = {row[0]: _leaf(*row) for row in rows}
    return [
        found.get(position, StoredLeaf(position=position, damaged=True, hashes=()))
        for position in range(after + 1, until + 1)
    ]


def _leaf(position: int, stream: object, stored: Any, leaf: object) -> StoredLeaf:
    try:
        stored_event(position, stream, stored, leaf)
    except RecordDamaged:
        kept = [leaf] if isinstance(leaf, bytes) and len(leaf) == HASH_BYTES else []
        again = [leaf_hash(stored)] if isinstance(stored, bytes) else []
        hashes = tuple(dict.fromkeys([*kept, *again]))
        return StoredLeaf(position=position, damaged=True, hashes=hashes)
    assert isinstance(leaf, bytes)
    return StoredLeaf(position=position, damaged=False, hashes=(leaf,))
