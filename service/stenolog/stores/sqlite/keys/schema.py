"""Declare the tables of `keys.db`; deleted rows are overwritten."""

from stenolog.stores.sqlite.file.connection import Schema

KEYS = Schema(
    name="keys.db",
    synchronous="FULL",
    secure_delete=True,
    steps=(
        """
        CREATE TABLE data_keys (
            key_id TEXT PRIMARY KEY,
            stream TEXT NOT NULL UNIQUE,
            box BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE secrets (
            purpose TEXT NOT NULL,
            number INTEGER NOT NULL,
            box BLOB NOT NULL,
            retired_at TEXT,
            PRIMARY KEY (purpose, number)
        ) WITHOUT ROWID;
        CREATE TABLE tenants (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        ) WITHOUT ROWID;
        CREATE TABLE api_keys (
            prefix TEXT PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            hash BLOB NOT NULL,
            tenant TEXT NOT NULL REFERENCES tenants (id),
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            created_at TEXT NOT NULL,
            revoked_at TEXT
        ) WITHOUT ROWID
        """,
        # A stream named here had its key destroyed, and gets no other.
        """
        CREATE TABLE destroyed (
            stream TEXT PRIMARY KEY
        ) WITHOUT ROWID
        """,
        # Where what they ask for is transcribed when a request names no region.
        """
        ALTER TABLE tenants ADD COLUMN region TEXT;
        ALTER TABLE api_keys ADD COLUMN region TEXT
        """,
        # DELETE has a scope of its own, three that guarded nothing are gone, and the first key has
        # whatever there will be.
        """
        UPDATE api_keys SET scopes = 'all' WHERE scopes = 'transcripts:write,transcripts:read,'
            || 'events:read,endpoints:write,keys:write,ops:read,compliance:read,compliance:erase,'
            || 'compliance:hold' AND id = (SELECT id FROM api_keys ORDER BY created_at, id LIMIT 1);
        UPDATE api_keys SET scopes = trim(replace(replace(replace(',' || scopes || ',',
            ',endpoints:write,', ','), ',compliance:read,', ','), ',compliance:hold,', ','), ',');
        UPDATE api_keys SET scopes = scopes || ',compliance:erase'
            WHERE ',' || scopes || ',' LIKE '%,transcripts:write,%'
            AND ',' || scopes || ',' NOT LIKE '%,compliance:erase,%'
        """,
    ),
)
