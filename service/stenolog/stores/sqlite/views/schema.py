"""Declare the tables of `views.db`: every view and its checkpoint; droppable, never backed up.

What is listed, filtered and scheduled by stands in clear: ids, enumerations, numbers and times, as
in the hashed bytes of the log. All else is content, and in a `box`, sealed under the key of the
transcription's stream: once that is destroyed, no copy that SQLite leaves anywhere tells anything.

`views` has rowids: a box of one sentence fits into a leaf of such a table, and WITHOUT ROWID has a
page of its own for what goes beyond a quarter of one (measured: half the file).
"""

from __future__ import annotations

from stenolog.stores.sqlite.file.identity import VIEWS_KIND
from stenolog.stores.sqlite.file.schema import Schema

_TABLES = """
CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    filled INTEGER NOT NULL,
    filled_until INTEGER NOT NULL
) STRICT;
INSERT INTO checkpoint VALUES (1, 0, '', 0, 0);

CREATE TABLE generations (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    projection TEXT NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'building', 'dropped'))
) STRICT;
CREATE UNIQUE INDEX generations_current ON generations (projection, state)
    WHERE state <> 'dropped';

CREATE TABLE transcriptions (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    requested_position INTEGER NOT NULL,
    provider TEXT NOT NULL,
    region TEXT,
    surface TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    submission INTEGER NOT NULL,
    audio_ms INTEGER,
    erased INTEGER NOT NULL,
    finished_by INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    accepted_at TEXT,
    called_back_at TEXT,
    completed_at TEXT,
    webhook_status_code INTEGER,
    webhook_ended TEXT,
    erase_at TEXT,
    box BLOB,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX transcriptions_listed
    ON transcriptions (generation, tenant, requested_position, created_at);
CREATE INDEX transcriptions_listed_by_status
    ON transcriptions (generation, tenant, status, requested_position, created_at);
CREATE INDEX transcriptions_by_status ON transcriptions (generation, status);
CREATE INDEX transcriptions_open
    ON transcriptions (generation, id, status, created_at, claimed_at, accepted_at, called_back_at)
    WHERE status IN ('queued', 'processing');
CREATE INDEX transcriptions_due ON transcriptions (generation, erase_at, id)
    WHERE erase_at IS NOT NULL;
CREATE INDEX transcriptions_without_key ON transcriptions (id) WHERE box IS NULL AND NOT erased;

CREATE TABLE requests (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    box BLOB NOT NULL,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE views (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    reason TEXT,
    items INTEGER NOT NULL,
    box BLOB,
    PRIMARY KEY (generation, id)
) STRICT;

CREATE TABLE parts (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    box BLOB NOT NULL,
    PRIMARY KEY (generation, id, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE failures (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    reason TEXT NOT NULL,
    for_now INTEGER NOT NULL,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX failures_for_now ON failures (position) WHERE for_now;
"""

# A file of another version is made anew, so the steps of older ones run no more: only their number
# counts.
_OLDER: tuple[str, ...] = ("", "")

VIEWS = Schema(
    name="views.db",
    application_id=VIEWS_KIND,
    steps=(*_OLDER, _TABLES),
    synchronous="NORMAL",
)

ROW_TABLES = ("transcriptions", "requests", "views", "parts", "failures")
"""The tables whose rows belong to a generation."""
