"""Choose what of a consumer's open events a worker may have now."""

from __future__ import annotations

from collections.abc import Iterable

from stenolog.feed.consumers.books import Open


def choose(rows: Iterable[Open], *, now_ms: int, limit: int) -> tuple[list[Open], int | None]:
    """Return what may go, oldest first, and when the first of what is held may.

    `rows` are in the order of the log. An event of a stream goes when every earlier one of it that
    is open goes with it: so workers keep the order of each transcription, whatever they do at
    once.
    """
    chosen: list[Open] = []
    behind: set[str] = set()
    next_ms: int | None = None
    for row in rows:
        if row.until_ms > now_ms:
            behind.add(row.stream)
            next_ms = row.until_ms if next_ms is None else min(next_ms, row.until_ms)
        elif row.stream not in behind and len(chosen) < limit:
            chosen.append(row)
        else:
            behind.add(row.stream)
    return chosen, next_ms
