"""Declare the tables of `search.db`, and what makes a file unfit to be used again.

Text stands in clear: nothing could be found in it otherwise. So this file alone must be emptied of
what is erased; see `scrubbing` and `separators`.
"""

from __future__ import annotations

from stenolog.log.format import LogIdentity
from stenolog.projections.search.folding import UNICODE
from stenolog.projections.search.index import SEARCH_VERSION

FILE = "search.db"
KIND = int.from_bytes(b"StnS", "big")  # `application_id`; the other files have letters of theirs
SCHEMA = 2
PASSAGE_BITS = 20  # a passage's id is its transcript's position and its own number in it

TABLES = f"""
CREATE TABLE identity (
    log_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    restore TEXT NOT NULL,
    projection INTEGER NOT NULL,
    unicode TEXT NOT NULL
) STRICT;

CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    filled_until INTEGER
) STRICT;
INSERT INTO checkpoint VALUES (1, 0, '', NULL);

CREATE TABLE transcripts (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    created_at TEXT NOT NULL,
    subject TEXT,
    metadata TEXT NOT NULL
) STRICT;
CREATE INDEX transcripts_created ON transcripts (tenant, created_at);
CREATE INDEX transcripts_subject ON transcripts (tenant, subject) WHERE subject IS NOT NULL;

CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    start_ms INTEGER,
    end_ms INTEGER,
    speaker TEXT
) STRICT;

CREATE VIRTUAL TABLE words USING fts5(
    said, facets, content='', columnsize=0, tokenize='ascii'
);
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);

CREATE TABLE findings (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    folded TEXT NOT NULL,
    position INTEGER NOT NULL,
    speaker TEXT NOT NULL,
    text TEXT NOT NULL,
    key INTEGER NOT NULL,
    count INTEGER NOT NULL,
    weight REAL NOT NULL,
    PRIMARY KEY (tenant, kind, label, folded, position, speaker)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_position ON findings (position);

CREATE TABLE failures (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA application_id = {KIND};
PRAGMA user_version = {SCHEMA};
"""  # noqa: S608  ours


def row_of(identity: LogIdentity) -> tuple[str, int, str, int, str]:
    """Return what the file says of itself: its log, and what its rows were made with."""
    return (identity.log_id, identity.epoch, identity.restore, SEARCH_VERSION, UNICODE)
