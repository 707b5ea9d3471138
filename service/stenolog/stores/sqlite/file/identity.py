"""Recognise a SQLite file before anything is written to it: its kind, its log, its version."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stenolog.errors import CannotStart, SchemaTooNew
from stenolog.log.format import LogIdentity
from stenolog.stores.sqlite.file.schema import Schema

LOG_KIND, KEYS_KIND, VIEWS_KIND, WORK_KIND, COPY_KIND = (
    int.from_bytes(letters, "big") for letters in (b"StnL", b"StnK", b"StnV", b"StnW", b"StnB")
)
KINDS = {
    LOG_KIND: "an event log",
    KEYS_KIND: "a file of keys",
    VIEWS_KIND: "a file of views",
    WORK_KIND: "a file of pending deliveries",
    COPY_KIND: "a log as a backup has it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a file says of itself.

    Attributes:
        kind: Its application id; 0 when it says none.
        version: The last step of its schema that it has seen.
        identity: Which log it belongs to; None when it does not say.
        new: Nothing was ever written to it.
    """

    kind: int
    version: int
    identity: LogIdentity | None
    new: bool

    @property
    def copied(self) -> bool:
        """Whether it is a log as a backup has it: it does not say what was erased since."""
        return self.kind == COPY_KIND

    def is_of(self, schema: Schema) -> bool:
        """Tell whether it is new, or of this schema's kind."""
        return self.new or self.kind == schema.application_id


def look(connection: sqlite3.Connection) -> Found:
    """Say what kind of file this is; only reads.

    Raises:
        sqlite3.Error: It cannot be read.
    """
    kind = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    row = None
    if kind in KINDS and "identity" in tables:
        row = connection.execute("SELECT log_id, epoch, restore FROM identity").fetchone()
    return Found(
        kind=kind,
        version=version,
        identity=_identity(*row) if row else None,
        new=not tables and not kind and not version,
    )


def _identity(log_id: str, epoch: int, restore: str) -> LogIdentity:
    return LogIdentity(log_id=log_id, epoch=epoch, restore=restore)


def refuse_wrong(
    found: Found, schema: Schema, identity: LogIdentity | None, *, copies: bool = False
) -> None:
    """Check that the file is new, or of this schema and of the log that is asked for.

    Args:
        found: What the file says of itself.
        schema: What it must be.
        identity: The log that it must belong to; None: any.
        copies: For a log: whether it may be one as a backup has it.

    Raises:
        CannotStart: It is of another kind, of another log, or of another epoch or restore of it.
        SchemaTooNew: It was written by a newer Stenolog.
    """
    refuse_other_kind(found, schema, copies=copies)
    if found.version > len(schema.steps):
        raise SchemaTooNew(
            f"{schema.name} has format {found.version}, this Stenolog knows {len(schema.steps)}: "
            "use the newer version that wrote it"
        )
    if found.new or identity is None or found.identity == identity:
        return
    if found.identity is None or found.identity.log_id != identity.log_id:
        raise CannotStart(
            f"{schema.name} belongs to another log than the log.db beside it: put the "
            f"{schema.name} of this log there, or the log.db that this {schema.name} belongs to"
        )
    if found.identity.epoch == identity.epoch:
        raise CannotStart(
            f"{schema.name} and the log.db beside it are of two restores of one log: restore both "
            "at once, from one backup"
        )
    raise CannotStart(
        f"{schema.name} is of epoch {found.identity.epoch} of its log, the log.db beside it of "
        f"epoch {identity.epoch}: restore both from one backup"
    )


def refuse_other_kind(found: Found, schema: Schema, *, copies: bool = False) -> None:
    """Check that the file is new, or of this schema's kind; with `copies`, or a backup's log.

    Raises:
        CannotStart: It is another.
    """
    if found.is_of(schema):
        return
    if found.copied and schema.application_id == LOG_KIND:
        if copies:
            return
        raise CannotStart(
            f"{schema.name} was copied out of a backup, and what was erased since is not erased in "
            "it: put that backup here with `stenolog restore BACKUP --data-dir DATA_DIR --replace`"
        )
    if found.kind in KINDS:
        raise CannotStart(
            f"{schema.name} is {KINDS[found.kind]}, in the place of {KINDS[schema.application_id]}:"
            f" put the right file there"
        )
    raise CannotStart(
        f"{schema.name} is not a file of this Stenolog, or one from before its first release: "
        "name an empty or another directory with --data-dir"
    )
