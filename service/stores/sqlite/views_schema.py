"""`views.db`: every view and how far it has followed the log; droppable, never backed up."""

from __future__ import annotations

from service.stores.sqlite.connection import Schema

_TABLES = """
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
    error TEXT,
    audio_url TEXT NOT NULL,
    subject TEXT,
    metadata TEXT,
    erased INTEGER NOT NULL,
    finished_by INTEGER NOT NULL,
    unsettled TEXT NOT NULL,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    accepted_at TEXT,
    called_back_at TEXT,
    completed_at TEXT,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX transcriptions_listed
    ON transcriptions (generation, tenant, requested_position, created_at);
CREATE INDEX transcriptions_listed_by_status
    ON transcriptions (generation, tenant, status, requested_position, created_at);
CREATE INDEX transcriptions_by_status ON transcriptions (generation, status);
CREATE INDEX transcriptions_open ON transcriptions (generation, id, created_at)
    WHERE status IN ('queued', 'processing');
CREATE INDEX transcriptions_unsettled ON transcriptions (generation, id) WHERE unsettled <> '';

CREATE TABLE requests (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (generation, id)
) STRICT;

CREATE TABLE transcripts (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    text TEXT,
    confidence REAL,
    language_code TEXT,
    words INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (generation, id)
) STRICT;

CREATE TABLE views (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    reason TEXT,
    items INTEGER NOT NULL,
    beside BLOB,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunks (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    speakers BLOB,
    bodies BLOB NOT NULL,
    UNIQUE (generation, id, first)
) STRICT;

CREATE TABLE failures (
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;
"""

_DELIVERIES = "ALTER TABLE transcriptions ADD COLUMN webhook_status_code INTEGER"

_BY_UPLOAD = """
CREATE INDEX transcriptions_by_upload ON transcriptions (generation, upload)
    WHERE upload IS NOT NULL;
"""

VIEWS = Schema(
    name="views.db",
    steps=(_TABLES, _DELIVERIES, _BY_UPLOAD),
    synchronous="NORMAL",
    secure_delete=True,
)

ROW_TABLES = ("transcriptions", "requests", "transcripts", "views", "chunks", "failures")
"""The tables whose rows belong to a generation."""
