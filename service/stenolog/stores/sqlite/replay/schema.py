"""Declare the tables of a replay's file, which any SQLite tool opens; docs/COMPLIANCE.md has them.

Everything stands in clear, and nothing of ours reads the file again. Tools that are years old open
it: no table is STRICT, which needs SQLite 3.37.
"""

from __future__ import annotations

TABLES = """
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE transcriptions (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    status TEXT NOT NULL,
    provider TEXT NOT NULL,
    region TEXT,
    surface TEXT NOT NULL,
    provider_job TEXT,
    submissions INTEGER NOT NULL,
    audio_url TEXT NOT NULL,
    audio_ms INTEGER,
    error TEXT,
    subject TEXT,
    metadata TEXT,
    erased INTEGER NOT NULL,
    erased_at TEXT,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    accepted_at TEXT,
    called_back_at TEXT,
    completed_at TEXT,
    webhook_address TEXT NOT NULL,
    webhook_status_code INTEGER,
    webhook_ended TEXT,
    correlation_id TEXT NOT NULL,
    requested_position INTEGER NOT NULL,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL,
    text TEXT,
    confidence REAL,
    language_code TEXT,
    words INTEGER,
    audio TEXT
) WITHOUT ROWID;
CREATE INDEX transcriptions_by_request ON transcriptions (tenant, requested_position);

CREATE TABLE views (
    transcription TEXT NOT NULL REFERENCES transcriptions (id),
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    items INTEGER NOT NULL,
    reason TEXT,
    around TEXT,
    PRIMARY KEY (transcription, view)
) WITHOUT ROWID;

CREATE TABLE items (
    transcription TEXT NOT NULL REFERENCES transcriptions (id),
    view TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    start_ms INTEGER,
    end_ms INTEGER,
    speaker TEXT,
    text TEXT,
    item TEXT NOT NULL,
    PRIMARY KEY (transcription, view, ordinal)
) WITHOUT ROWID;

CREATE TABLE failures (
    transcription TEXT PRIMARY KEY,
    reason TEXT NOT NULL
) WITHOUT ROWID;
"""
