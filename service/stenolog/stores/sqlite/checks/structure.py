"""Let SQLite check a file's own structure, and compare its tables with those that it must have."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

from stenolog.log.format import UNBOUND
from stenolog.stores.sqlite.file.schema import Schema, run_step

FINDINGS_MAX = 20  # of one file; a damaged page has hundreds
CHECKED_AT_ONCE = 1_000_000  # of SQLite's own instructions, between two calls of `alive`


def wrong_structure(
    connection: sqlite3.Connection, schema: Schema, alive: Callable[[], None]
) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong; `alive` is called again and again meanwhile.

    Each table's rows are in its indexes, and the indexes have nothing else; tables, indexes and
    triggers are those of the schema. What the rows say is not looked at.
    """
    connection.set_progress_handler(partial(_go_on, alive), CHECKED_AT_ONCE)
    try:
        yield from _unlike(connection, schema)
        for (said,) in connection.execute(f"PRAGMA integrity_check({FINDINGS_MAX})"):
            if said != "ok":
                yield f"{schema.name}: {_plain(str(said))}"
    except (sqlite3.Error, UnicodeDecodeError) as exc:
        yield f"{schema.name}: {_plain(str(exc))}"
    finally:
        connection.set_progress_handler(None, 0)


def _unlike(connection: sqlite3.Connection, schema: Schema) -> Iterator[str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as wanted:
        for number in range(1, len(schema.steps) + 1):
            run_step(wanted, schema, number, UNBOUND if schema.name != "log.db" else None)
        right = _objects(wanted)
    found = _objects(connection)
    for name in sorted(right.keys() | found.keys()):
        kind = (found.get(name) or right[name])[0]
        if name not in found:
            yield f"{schema.name}: the {kind} {name} is missing"
        elif name not in right:
            yield f"{schema.name}: the {kind} {_plain(name)} is not one of Stenolog's"
        elif found[name] != right[name]:
            yield f"{schema.name}: the {kind} {name} is not declared as Stenolog declares it"


def _objects(connection: sqlite3.Connection) -> dict[str, tuple[str, str, str | None]]:
    rows = connection.execute("SELECT name, type, tbl_name, sql FROM sqlite_schema")
    # A name may be anything in a damaged file. `sqlite_stat1` and the like are SQLite's own, and
    # change nothing that is read.
    named = ((row[0] if isinstance(row[0], str) else repr(row[0]), row[1:]) for row in rows)
    return {name: rest for name, rest in named if not name.startswith("sqlite_stat")}


def _plain(said: str) -> str:
    """SQLite's words on one line."""
    return " ".join(said.split())


def _go_on(alive: Callable[[], None]) -> int:
    alive()
    return 0
