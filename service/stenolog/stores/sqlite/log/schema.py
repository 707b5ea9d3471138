"""Declare the tables of `log.db`; events, payloads, dedupe keys and nodes never change.

`events_of_tenants` lists a tenant's streams of few kinds: API keys, erasures, legal holds.

`leaf` is the hash with which the tree was grown: when the tree's root is wrong, it tells which
record was changed. `last_us` is the last event's time. `nodes` has the tree's nodes of every eighth
level above the leaves, for proofs. An append without events moves the time in `probe`: the
readiness check must write, and SQLite does not write a page whose bytes stay the same.

`streams` and `tenants` say where each stream and each tenant's sequence of public events ends: an
index alone is not believed (`ends`). `open_transcriptions` says position and version of the
stream's last event, and what is owed (`log.open_work`); numbers with commas between. All three are
derived from the events, in the transaction that appends them.

The number of steps is the log's format (`log.format.LOG_FORMAT`): a release that adds a type of
event or a field adds a step, be it an empty one, so that an older program refuses the file.
"""

from __future__ import annotations

from functools import partial

from stenolog.clock import NowUs, now_us
from stenolog.stores.sqlite.file.identity import LOG_KIND
from stenolog.stores.sqlite.file.schema import Schema
from stenolog.stores.sqlite.log.beginning import begin_log

_TABLES = """
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    leaf BLOB NOT NULL,
    UNIQUE (stream, version)
);
CREATE UNIQUE INDEX events_by_sequence ON events (tenant, sequence) WHERE sequence > 0;
CREATE INDEX events_by_type ON events (tenant, type, sequence) WHERE sequence > 0;
CREATE INDEX events_of_tenants ON events (tenant, stream) WHERE version = 1 AND stream < 'log-';
CREATE INDEX events_read ON events (tenant, position) WHERE type = 'transcript.read';
CREATE TABLE payloads (
    position INTEGER PRIMARY KEY REFERENCES events (position),
    key_id TEXT NOT NULL,
    box BLOB NOT NULL
);
CREATE TABLE dedupe (
    key TEXT PRIMARY KEY,
    position INTEGER NOT NULL REFERENCES events (position)
) WITHOUT ROWID;
CREATE TABLE tree (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    last_us INTEGER NOT NULL
);
INSERT INTO tree VALUES (1, 0, x'', 0);
CREATE TABLE streams (
    stream TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE tenants (
    tenant TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE nodes (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, number)
) WITHOUT ROWID;
CREATE TABLE open_transcriptions (
    stream TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL,
    open INTEGER NOT NULL,
    outcome_owed INTEGER NOT NULL,
    urgent INTEGER NOT NULL,
    unsettled TEXT NOT NULL,
    jobless TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX open_transcriptions_open ON open_transcriptions (stream) WHERE open;
CREATE TABLE probe (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at_us INTEGER NOT NULL
);
INSERT INTO probe VALUES (1, 0)
"""


def log_schema(clock: NowUs = now_us) -> Schema:
    """Return the schema of a log, whose first event has the time of this clock."""
    return Schema(
        name="log.db",
        application_id=LOG_KIND,
        synchronous="FULL",
        steps=(partial(begin_log, tables=_TABLES, clock=clock),),
    )


LOG = log_schema()
