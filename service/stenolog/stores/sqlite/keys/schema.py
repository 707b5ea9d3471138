"""Declare the tables of `keys.db`; deleted rows are overwritten.

A stream that is named in `destroyed` had its key destroyed, and gets no other; one that is named in
`lost` has payloads in the log, and its key was not here when the two were compared. `high_water` is
a position of the log: the keys of all payloads up to there are here unless they were erased, and
all erasures that were completed up to there are carried out. `subjects` has streams by the keyed
hash of whom they are about, and `held_subjects` those that a legal hold is on. A region is where
what a key or a tenant asks for is transcribed when a request names none, and a provider by whom; a
tenant's stand in order, with commas between.
"""

from stenolog.stores.sqlite.file.identity import KEYS_KIND
from stenolog.stores.sqlite.file.schema import Schema

KEYS = Schema(
    name="keys.db",
    application_id=KEYS_KIND,
    synchronous="FULL",
    secure_delete=True,
    steps=(
        """
        CREATE TABLE data_keys (
            key_id TEXT PRIMARY KEY,
            stream TEXT NOT NULL UNIQUE,
            box BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE destroyed (
            stream TEXT PRIMARY KEY
        ) WITHOUT ROWID;
        CREATE TABLE lost (
            stream TEXT PRIMARY KEY
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE high_water (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            position INTEGER NOT NULL
        ) STRICT;
        INSERT INTO high_water VALUES (1, 0);
        CREATE TABLE subjects (
            tenant TEXT NOT NULL,
            digest BLOB NOT NULL,
            stream TEXT NOT NULL,
            PRIMARY KEY (tenant, digest, stream)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX subjects_by_stream ON subjects (stream);
        CREATE TABLE held_subjects (
            hold TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            digest BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX held_subjects_by_digest ON held_subjects (tenant, digest);
        CREATE TABLE secrets (
            purpose TEXT NOT NULL,
            number INTEGER NOT NULL,
            box BLOB NOT NULL,
            retired_at TEXT,
            PRIMARY KEY (purpose, number)
        ) WITHOUT ROWID;
        CREATE TABLE tenants (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            region TEXT,
            providers TEXT NOT NULL DEFAULT '',
            retention TEXT
        ) WITHOUT ROWID;
        CREATE TABLE api_keys (
            prefix TEXT PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            hash BLOB NOT NULL,
            tenant TEXT NOT NULL REFERENCES tenants (id),
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            created_at TEXT NOT NULL,
            revoked_at TEXT,
            region TEXT,
            provider TEXT,
            retention TEXT
        ) WITHOUT ROWID
        """,
    ),
)
