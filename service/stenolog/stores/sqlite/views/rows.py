"""Write changes of rows as statements on `views.db`, inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stenolog.projections.rows import Change, Forget, Hold, PutStatus, PutView, Reason
from stenolog.stores.sqlite.views.boxes import Boxes
from stenolog.stores.sqlite.views.content import Stored, stored_request, stored_view
from stenolog.stores.sqlite.views.status_rows import CLEAR_COLUMNS, sealed_details

_INSERT_STATUS = (
    f"INSERT OR REPLACE INTO transcriptions (generation, box, {', '.join(CLEAR_COLUMNS)}) "  # noqa: S608  column names are ours
    f"VALUES (?, ?{', ?' * len(CLEAR_COLUMNS)})"
)


# Most views of most transcriptions are like this. They have no row: see `ItemReads`.
UNWRITTEN: Reason = "not_requested"


@dataclass(frozen=True, slots=True)
class RowWriter:
    """Makes changes in the generations that these projections have; others are left out."""

    run: sqlite3.Connection
    boxes: Boxes
    generations: Mapping[str, int]

    def apply(self, changes: Sequence[Change]) -> None:
        """Make the changes, in order."""
        for change in changes:
            generation = self.generations.get(change.projection)
            if generation is None:
                continue
            match change:
                case PutStatus():
                    self._put_status(generation, change)
                case PutView():
                    key = (generation, change.transcription)
                    self._put_view(key, change.reason, stored_view(self.boxes, *key, change))
                case Hold():
                    self._hold((generation, change.transcription), change)
                case Forget():
                    self._forget((generation, change.transcription))

    def _put_status(self, generation: int, change: PutStatus) -> None:
        row = change.row
        key = (generation, row.id)
        box = sealed_details(self.boxes, generation, row)
        clear = (getattr(row, name) for name in CLEAR_COLUMNS)
        self.run.execute(_INSERT_STATUS, (generation, box, *clear))
        if row.erased:
            # What the projection failed on is gone, so the next events are projected again.
            for table in ("failures", "views", "requests"):
                self._delete(table, key)
        if change.request is not None:
            request = stored_request(self.boxes, *key, change.request)
            if request is not None:
                self.run.execute(
                    "INSERT OR REPLACE INTO requests (generation, id, box) VALUES (?, ?, ?)",
                    (*key, request),
                )

    def _hold(self, key: tuple[int, str], change: Hold) -> None:
        self.run.execute(
            "INSERT OR REPLACE INTO failures (generation, id, position, reason, for_now) "
            "VALUES (?, ?, ?, ?, ?)",
            (*key, change.position, change.reason, change.for_now),
        )
        if not change.for_now:
            shown = PutView(
                projection=change.projection,
                transcription=change.transcription,
                reason="failed",
                transcript=change.transcript,
            )
            self._put_view(key, "failed", stored_view(self.boxes, *key, shown))

    def _forget(self, key: tuple[int, str]) -> None:
        self._delete("failures", key)
        self._put_view(key, "erased", Stored())

    def _put_view(self, key: tuple[int, str], reason: Reason | None, stored: Stored) -> None:
        if reason == UNWRITTEN:
            self._delete("views", key)
        else:
            self.run.execute(
                "INSERT OR REPLACE INTO views (generation, id, reason, items, box) "
                "VALUES (?, ?, ?, ?, ?)",
                (*key, reason, stored.items, stored.box),
            )
        self._delete("parts", key)
        self.run.executemany(
            "INSERT INTO parts (generation, id, first, count, box) VALUES (?, ?, ?, ?, ?)",
            [(*key, part.first, part.count, part.box) for part in stored.parts],
        )

    def _delete(self, table: str, key: tuple[int, str]) -> None:
        self.run.execute(f"DELETE FROM {table} WHERE generation = ? AND id = ?", key)  # noqa: S608  ours
