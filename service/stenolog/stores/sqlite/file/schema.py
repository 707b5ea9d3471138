"""Declare what a SQLite file of ours is made of, and run the steps that it has not seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.transaction import transaction

Step = str | Callable[[sqlite3.Connection], None]

IDENTITY_TABLE = (
    "CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), "
    "log_id TEXT NOT NULL, epoch INTEGER NOT NULL, restore TEXT NOT NULL) STRICT"
)
"""In every file, made with its first table; the log's first step fills it, others are given it."""
RESTORE = "go back to a backup with `stenolog restore BACKUP --data-dir DATA_DIR --replace`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One file's tables, as steps that are never changed once released.

    Attributes:
        name: The file's name, for messages.
        application_id: Four ASCII letters as a big-endian integer, by which a file says its kind.
        steps: Step n (from 1) brings the file to version n: a script of statements, or what is
            called with the connection, inside the step's transaction.
        synchronous: FULL where a commit must survive a power cut, NORMAL for what can be rebuilt.
        secure_delete: Overwrite what is deleted.
        mending: What an operator does about a damaged one.
    """

    name: str
    application_id: int
    steps: Sequence[Step]
    synchronous: str = "FULL"
    secure_delete: bool = False
    mending: str = RESTORE


def run_step(
    connection: sqlite3.Connection, schema: Schema, number: int, identity: LogIdentity | None
) -> None:
    """Run step `number` of the schema in a transaction; the file has this version afterwards.

    The first one makes the file what it is: its kind, and the log that it belongs to.
    """
    step = schema.steps[number - 1]
    with transaction(connection):
        if number == 1:
            connection.execute(f"PRAGMA application_id = {schema.application_id}")
            connection.execute(IDENTITY_TABLE)
            if identity is not None:
                write_identity(connection, identity)
        if isinstance(step, str):
            run_script(connection, step)
        else:
            step(connection)
        connection.execute(f"PRAGMA user_version = {number}")


def write_identity(connection: sqlite3.Connection, identity: LogIdentity) -> None:
    """Write down which log a new file belongs to."""
    values = (identity.log_id, identity.epoch, identity.restore)
    connection.execute("INSERT INTO identity VALUES (1, ?, ?, ?)", values)


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements of `script` one by one, inside the transaction that is open.

    `executescript` would commit it first.
    """
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    assert not statement.strip("; \n"), f"a statement is not ended: {statement}"
