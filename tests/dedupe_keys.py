"""The dedupe keys that production appends events with, and whether they are derived again."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stenolog.log.derived_keys import derived_key
from stenolog.log.event import Event, NewEvent, event_from_bytes
from stenolog.log.events.transcriptions import TranscriptionRequested


def keyed(stream: str, event: NewEvent) -> NewEvent:
    """The event with its key; as it is when its type has none."""
    stored = Event(
        position=1,
        version=1,
        previous=0,
        sequence=0,
        time="",
        stream=stream,
        commitment=None,
        **{
            name: getattr(event, name)
            for name in ("id", "type", "tenant", "actor", "correlation_id", "causation_id", "data")
        },
    )
    key = derived_key(stored)
    return event if key is None else replace(event, dedupe_key=key)


def underivable(log: Path) -> Sequence[tuple[str, str]]:
    """Types and keys of events whose key, as it was appended, `log verify` would not derive.

    A request's key is the client's own. Records that a test has damaged tell nothing.
    """
    with contextlib.closing(sqlite3.connect(f"{log.as_uri()}?mode=ro", uri=True)) as file:
        rows = file.execute(
            "SELECT key, CAST(bytes AS BLOB) FROM events LEFT JOIN dedupe USING (position)"
        ).fetchall()
    wrong = []
    for key, stored in rows:
        try:
            event = event_from_bytes(stored)
        except (ValueError, TypeError):
            continue
        if event.type != TranscriptionRequested.type and derived_key(event) != key:
            wrong.append((event.type, str(key)))
    return wrong


def keyed_types(log: Path) -> set[str]:
    """The types of events that were appended with a key; requests have their clients' own."""
    with contextlib.closing(sqlite3.connect(f"{log.as_uri()}?mode=ro", uri=True)) as file:
        rows = file.execute("SELECT DISTINCT type FROM dedupe JOIN events USING (position)")
        return {str(row[0]) for row in rows}
