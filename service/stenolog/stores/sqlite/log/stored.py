"""Make events and the tree of what stands in `log.db`, if it is what was written there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stenolog.errors import RecordDamaged, SchemaTooNew, StoreError
from stenolog.log.batch_state import ADVICE
from stenolog.log.canonical import leaf_hash
from stenolog.log.event import Event, event_from_bytes
from stenolog.log.merkle import Frontier, frontier_from_bytes

INTEGER_MAX = 2**63 - 1  # SQLite's own
RECORD = "position, CAST(stream AS BLOB), bytes, leaf"
"""The columns that `stored_event` takes; a damaged stream's name need not be text."""


def stored_event(position: int, stream: object, stored: bytes, leaf: object) -> Event:
    """Return the event in a row of these columns, the same that was appended.

    Raises:
        RecordDamaged: It is another, or none.
    """
    try:
        if leaf_hash(stored) != leaf:
            raise ValueError("its hash is another")
        event = event_from_bytes(stored)
        if event.position != position:
            raise ValueError("it stands at another position")
    except (ValueError, TypeError, SchemaTooNew) as exc:
        raise RecordDamaged(
            f"log.db: the record at position {position} is damaged ({exc}); {ADVICE}",
            position=position,
            stream=stream.decode(errors="replace") if isinstance(stream, bytes) else "",
        ) from exc
    return event


def stored_frontier(row: Sequence[Any] | None) -> Frontier:
    """Return the frontier in a row of `count` and `frontier`.

    Raises:
        StoreError: The row is missing or damaged.
    """
    try:
        if row is None:
            raise ValueError("its row is missing")
        return frontier_from_bytes(row[0], row[1])
    except (ValueError, TypeError, AttributeError) as exc:
        raise StoreError(f"log.db: the tree is damaged ({exc}); {ADVICE}") from exc


def stored_events(rows: Iterable[Sequence[Any]], *, up_to_damage: bool) -> list[Event]:
    """Return the events in rows of `RECORD`; with `up_to_damage` those before the first damaged.

    Raises:
        RecordDamaged: One of them is damaged, or the first of all.
    """
    events: list[Event] = []
    for row in rows:
        try:
            events.append(stored_event(*row))
        except RecordDamaged:
            if events and up_to_damage:
                break
            raise
    return events
