"""List the log's events for commands, from the files as they are."""

from __future__ import annotations

from collections.abc import Sequence

from stenolog.compliance.browsing import Wanted
from stenolog.compliance.records import StoredRow
from stenolog.stores.sqlite.file.connection import store_errors
from stenolog.stores.sqlite.records import SqliteRecords, stored_row

_ROWS = "SELECT position, id, stream, version, tenant, sequence, type, bytes, leaf, NULL, NULL"


class SqliteBrowser(SqliteRecords):
    """Keeps the promise of `BrowsableRecords`."""

    def rows_behind(self, after: int, limit: int, wanted: Wanted) -> Sequence[StoredRow]:
        """Reads a stream by its unique index, all else by primary key."""
        condition, values = _condition(wanted)
        with store_errors("log.db"):
            found = self._log.execute(
                f"{_ROWS} FROM events WHERE {_behind(wanted)} AND {condition} "
                "ORDER BY position LIMIT ?",
                (after, *values, limit),
            ).fetchall()
        return [stored_row(row) for row in found]

    def first_of_last(self, count: int, after: int, wanted: Wanted) -> int:
        """Reads backwards, positions alone."""
        condition, values = _condition(wanted)
        with store_errors("log.db"):
            row = self._log.execute(
                f"SELECT min(position) FROM (SELECT position FROM events "  # noqa: S608  ours
                f"WHERE {_behind(wanted)} AND {condition} ORDER BY position DESC LIMIT ?)",
                (after, *values, count),
            ).fetchone()
        return row[0] if isinstance(row[0], int) else 0

    def streams_like(self, beginnings: Sequence[str], limit: int) -> Sequence[str]:
        """Reads the first events of streams, by the unique index on stream and version."""
        found: set[str] = set()
        with store_errors("log.db"):
            for beginning in beginnings:
                rows = self._log.execute(
                    "SELECT stream FROM events WHERE stream >= ? AND stream < ? AND version = 1 "
                    "LIMIT ?",
                    (beginning, beginning + "\U0010ffff", limit),
                )
                found.update(str(row[0]) for row in rows)
        return sorted(found)[:limit]

    def key_name(self, key: str) -> str | None:
        """Reads by the unique index on ids."""
        with store_errors("keys.db"):
            row = self._keys.execute("SELECT name FROM api_keys WHERE id = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def lost_keys(self) -> int:
        """Counts the rows of a table that is empty but after a mistake."""
        with store_errors("keys.db"):
            return int(self._keys.execute("SELECT count(*) FROM lost").fetchone()[0])


def _behind(wanted: Wanted) -> str:
    # The plus keeps SQLite from walking the whole log in order of position for one stream.
    return "position > ?" if wanted.stream is None else "+position > ?"


def _condition(wanted: Wanted) -> tuple[str, list[object]]:
    conditions, values = ["true"], list[object]()
    if wanted.stream is not None:
        conditions.append("stream = ?")
        values.append(wanted.stream)
    if wanted.event_type is not None and wanted.event_type.endswith("*"):
        beginning = wanted.event_type[:-1]
        conditions.append("substr(type, 1, ?) = ?")
        values.extend((len(beginning), beginning))
    elif wanted.event_type is not None:
        conditions.append("type = ?")
        values.append(wanted.event_type)
    return " AND ".join(conditions), values
