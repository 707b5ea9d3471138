"""Write to `views.db`, on the one thread that may."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.rows import Change
from stenolog.projections.views_state import Filling, Generation, Known, ViewsState
from stenolog.stores.sqlite.views.boxes import Boxes
from stenolog.stores.sqlite.views.rows import RowWriter
from stenolog.stores.sqlite.views.schema import ROW_TABLES
from stenolog.stores.sqlite.views.status_rows import SELECT_STATUS, opened_status
from stenolog.stores.sqlite.views.transactions import ViewTransactions

PURGED_PER_CALL_MAX = 500  # transcriptions of one table: a few ms, so that views stay in time


class ViewStatements(ViewTransactions):
    """Runs the statements of `ViewWriter`, each method in one transaction, on one thread."""

    def state(self) -> ViewsState:
        """Reads both tables in one transaction."""
        with self.transaction() as run:
            position, event_id, filled, until = run.execute(
                "SELECT position, event_id, filled, filled_until FROM checkpoint"
            ).fetchone()
            rows = run.execute(
                "SELECT generation, projection, version, position, state FROM generations "
                "WHERE state <> 'dropped' ORDER BY generation"
            ).fetchall()
        return ViewsState(
            checkpoint=Checkpoint(position=position, event_id=event_id),
            generations=tuple(
                Generation(
                    generation=generation,
                    projection=projection,
                    version=version,
                    position=position if state == "live" else reached,
                    state=state,
                )
                for generation, projection, version, reached, state in rows
            ),
            filling=Filling(position=filled, until=until),
        )

    def known(
        self,
        status_generation: int | None,
        generations: Collection[int],
        ids: Collection[str],
        boxes: Boxes,
    ) -> Known:
        """Ids travel as one JSON array, so that their number has no bound of SQLite's."""
        wanted = json.dumps(list(ids))
        with self.transaction() as run:
            rows = run.execute(
                f"{SELECT_STATUS} "  # noqa: S608  column names are ours
                "WHERE generation = ? AND id IN (SELECT value FROM json_each(?))",
                (status_generation, wanted),
            ).fetchall()
            held = run.execute(
                "SELECT generation, id FROM failures WHERE "
                "generation IN (SELECT value FROM json_each(?)) "
                "AND id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(generations)), wanted),
            ).fetchall()
        found = [opened_status(row, boxes) for row in rows]
        return Known(rows={row.id: row for row in found}, held=frozenset(held))

    def begin(self, projection: str, version: int, live: bool) -> None:
        """Inserts a row into `generations`."""
        with self.transaction() as run:
            run.execute(
                "UPDATE generations SET state = 'dropped' "
                "WHERE projection = ? AND state = 'building'",
                (projection,),
            )
            run.execute(
                "INSERT INTO generations (projection, version, position, state) "
                "VALUES (?, ?, 0, ?)",
                (projection, version, "live" if live else "building"),
            )

    def advance(self, changes: Sequence[Change], boxes: Boxes, after: int, to: Checkpoint) -> None:
        """Rows and checkpoint together."""
        with self.transaction() as run:
            moved = run.execute(
                "UPDATE checkpoint SET position = ?, event_id = ? WHERE position = ?",
                (to.position, to.event_id, after),
            )
            if moved.rowcount != 1:
                raise StoreUnavailable("views.db: the checkpoint is not where it was")
            RowWriter(run, boxes, _live(run)).apply(changes)

    def skip(self, to: Checkpoint) -> None:
        """Only where the checkpoint is at 0."""
        with self.transaction() as run:
            moved = run.execute(
                "UPDATE checkpoint SET position = ?1, event_id = ?2, filled = 0, filled_until = ?1 "
                "WHERE position = 0",
                (to.position, to.event_id),
            )
            if moved.rowcount != 1:
                raise StoreUnavailable("views.db: the views are not empty")

    def fill(self, changes: Sequence[Change], boxes: Boxes, after: int, position: int) -> None:
        """Rows and how far it has come together."""
        with self.transaction() as run:
            moved = run.execute(
                "UPDATE checkpoint SET filled = ? WHERE filled = ?", (position, after)
            )
            if moved.rowcount != 1:
                raise StoreUnavailable("views.db: the filling is not where it was")
            RowWriter(run, boxes, _live(run)).apply(changes)

    def build(
        self,
        generations: Collection[int],
        changes: Sequence[Change],
        boxes: Boxes,
        after: int,
        position: int,
    ) -> bool:
        """Rows, position and, at the checkpoint, the switch together."""
        marks = json.dumps(list(generations))
        with self.transaction() as run:
            moved = run.execute(
                "UPDATE generations SET position = ? WHERE position = ? AND state = 'building' "
                "AND generation IN (SELECT value FROM json_each(?)) "
                "RETURNING projection, generation",
                (position, after, marks),
            ).fetchall()
            if len(moved) != len(generations):
                raise StoreUnavailable("views.db: a view being built is not where it was")
            RowWriter(run, boxes, dict(moved)).apply(changes)
            checkpoint = run.execute("SELECT position FROM checkpoint").fetchone()[0]
            if checkpoint != position:
                return False
            for projection, generation in moved:
                run.execute(
                    "UPDATE generations SET state = 'dropped' "
                    "WHERE projection = ? AND state = 'live'",
                    (projection,),
                )
                run.execute(
                    "UPDATE generations SET state = 'live' WHERE generation = ?", (generation,)
                )
        return True

    def held_for_now(self, limit: int, after: int) -> dict[str, dict[str, int]]:
        """Reads the partial index."""
        held: dict[str, dict[str, int]] = {}
        with self.transaction() as run:
            rows = run.execute(
                "SELECT f.id, g.projection, f.position FROM failures f "
                "JOIN generations g ON g.generation = f.generation AND g.state = 'live' "
                "WHERE f.for_now AND f.position > ? ORDER BY f.position",
                (after,),
            )
            for transcription, projection, position in rows:
                if transcription not in held and len(held) == limit:
                    break
                held.setdefault(transcription, {})[projection] = position
        return held

    def release(
        self,
        transcription: str,
        projections: Collection[str],
        changes: Sequence[Change],
        boxes: Boxes,
    ) -> None:
        """Deletes what holds it, and makes the changes."""
        with self.transaction() as run:
            live = _live(run)
            run.executemany(
                "DELETE FROM failures WHERE generation = ? AND id = ? AND for_now",
                [(live[one], transcription) for one in projections if one in live],
            )
            RowWriter(run, boxes, live).apply(changes)

    def drop(self, projection: str) -> None:
        """Leaves the deletion of its rows to `purge`."""
        with self.transaction() as run:
            run.execute(
                "UPDATE generations SET state = 'dropped' WHERE projection = ?", (projection,)
            )

    def reset(self) -> None:
        """Empty tables and a checkpoint at 0; generation numbers are not used again."""
        with self.transaction() as run:
            for table in (*ROW_TABLES, "generations"):
                run.execute(f"DELETE FROM {table}")  # noqa: S608  table names are ours
            run.execute(
                "UPDATE checkpoint SET position = 0, event_id = '', filled = 0, filled_until = 0"
            )

    def purge(self) -> bool:
        """Deletes from one table of one dropped generation at a time; the generation goes last."""
        with self.transaction() as run:
            dropped = run.execute(
                "SELECT generation FROM generations WHERE state = 'dropped' LIMIT 1"
            ).fetchone()
            if dropped is None:
                return False
            for table in ROW_TABLES:
                deleted = run.execute(
                    f"DELETE FROM {table} WHERE generation = ? AND id IN "  # noqa: S608  table names are ours
                    f"(SELECT DISTINCT id FROM {table} WHERE generation = ? LIMIT ?)",
                    (*dropped, *dropped, PURGED_PER_CALL_MAX),
                )
                if deleted.rowcount:
                    return True
            run.execute("DELETE FROM generations WHERE generation = ?", dropped)
        return True


def _live(run: sqlite3.Connection) -> dict[str, int]:
    """Return the live generation of each projection that has one."""
    return dict(
        run.execute(
            "SELECT projection, generation FROM generations WHERE state = 'live'"
        ).fetchall()
    )
