"""Declare the tables of named consumers in `work.db`: a step of its schema."""

CONSUMERS = """
CREATE TABLE consumers (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    types TEXT,
    epoch TEXT NOT NULL,
    taken_to INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    doubt TEXT,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE consumer_events (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    stream TEXT NOT NULL,
    previous INTEGER NOT NULL,
    lease TEXT,
    until_ms INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, name, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE consumer_leases (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    lease TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, name, lease)
) STRICT, WITHOUT ROWID;
CREATE TABLE consumer_changes (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO consumer_changes VALUES (1, 0)
"""
"""`consumer_events` has what was taken in and is not acknowledged; `taken_to` is how far that is.

A row of `consumer_leases` outlives what the lease held for a few seconds: who repeats an
acknowledgement whose answer was lost is not told that the lease has ended.

`consumer_changes` counts acknowledgements and resets, of all consumers together: a file in which
there were fewer than are known elsewhere is an older one.
"""
