"""Declare the tables of `views.db`: every view and its checkpoint; droppable, never backed up.

`secure_delete` overwrites what is deleted, but not the copies that SQLite leaves in a page when it
moves cells to another one. Therefore no customer's content may be in a cell. In each row it follows
a pad as long as the part of a row that a page can hold, so the content is in overflow pages. These
belong to one row, never move, and are overwritten when the row is deleted.
"""

from __future__ import annotations

from stenolog.stores.sqlite.file.connection import PAGE_BYTES, Schema

# SQLite's file format, "B-tree Pages": the most of a row of a WITHOUT ROWID table on its page.
# DECISIONS 35: content lies on overflow pages only, which are never moved.
PAD_BYTES = (PAGE_BYTES - 12) * 64 // 255 - 23
_PAD = f"pad BLOB DEFAULT (zeroblob({PAD_BYTES}))"

_TABLES = f"""
CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL,
    event_id TEXT NOT NULL
) STRICT;
INSERT INTO checkpoint VALUES (1, 0, '');

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
    upload TEXT,
    correlation_id TEXT NOT NULL,
    provider_job TEXT,
    submission INTEGER NOT NULL,
    audio_ms INTEGER,
    erased INTEGER NOT NULL,
    finished_by INTEGER NOT NULL,
    unsettled TEXT NOT NULL,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    accepted_at TEXT,
    called_back_at TEXT,
    completed_at TEXT,
    webhook_status_code INTEGER,
    {_PAD},
    error TEXT,
    audio_url TEXT NOT NULL,
    subject TEXT,
    metadata TEXT,
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
CREATE INDEX transcriptions_unsettled ON transcriptions (generation, id) WHERE unsettled <> '';
CREATE INDEX transcriptions_by_upload ON transcriptions (generation, upload)
    WHERE upload IS NOT NULL;

CREATE TABLE requests (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    {_PAD},
    body BLOB NOT NULL,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE transcripts (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    confidence REAL,
    words INTEGER NOT NULL,
    {_PAD},
    language_code TEXT,
    text TEXT,
    body BLOB NOT NULL,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE views (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    reason TEXT,
    items INTEGER NOT NULL,
    {_PAD},
    beside BLOB,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunks (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    {_PAD},
    speakers BLOB,
    bodies BLOB NOT NULL,
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
"""  # noqa: S608 - the pad is a number of ours

# A file of an older version is made anew, so its steps run no more: only their number counts.
_OLDER = ("",) * 5

VIEWS = Schema(
    name="views.db",
    steps=(*_OLDER, _TABLES),
    synchronous="NORMAL",
    secure_delete=True,
)

ROW_TABLES = ("transcriptions", "requests", "transcripts", "views", "chunks", "failures")
"""The tables whose rows belong to a generation."""
