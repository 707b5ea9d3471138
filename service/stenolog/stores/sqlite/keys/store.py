"""Keep data keys, our own secrets, tenants and API keys on SQLite."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from stenolog.commands.api_keys import ApiKey, Tenant, refuse_last
from stenolog.compliance.data_keys import WrappedKey
from stenolog.errors import KeyMissing, StenologError, StoreError, StoreUnavailable
from stenolog.log.events.vocabulary import Region
from stenolog.stores.sqlite.file.written_file import Write, WrittenFile
from stenolog.stores.sqlite.keys.schema import KEYS

TRUNCATE_AGAIN_MS = 50  # between two tries, while others' writes go on
TRUNCATIONS_MAX = 100  # five seconds in all, for a reader of ours or of a backup


class SqliteKeys(WrittenFile):
    """Keeps the promises of `DataKeys` and `ApiKeys` in `keys.db`."""

    schema = KEYS

    async def add_data_key(self, key: WrappedKey) -> WrappedKey:
        """Looks up and writes in one transaction, so that the first key of a stream wins."""

        def write(connection: sqlite3.Connection) -> WrappedKey:
            if connection.execute(_IS_DESTROYED, (key.stream,)).fetchone():
                raise KeyMissing("the key of this stream was destroyed, it gets no other")
            connection.execute(
                "INSERT INTO data_keys VALUES (?, ?, ?) ON CONFLICT (stream) DO NOTHING",
                (key.key_id, key.stream, key.box),
            )
            row = connection.execute(
                "SELECT key_id, stream, box FROM data_keys WHERE stream = ?", (key.stream,)
            ).fetchone()
            return _wrapped_key(row)

        wrapped: WrappedKey = await self._commits.submit(write)
        return wrapped

    async def destroy_data_key(self, stream: str) -> None:
        """Overwritten in the file by `secure_delete`, and the WAL truncated."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO destroyed VALUES (?)", (stream,))
            connection.execute("DELETE FROM data_keys WHERE stream = ?", (stream,))

        await self._commits.submit(write)
        # Always, even when there was nothing to delete: a crash may have come in between.
        await self._truncated()

    async def data_key_of(self, stream: str) -> WrappedKey | None:
        """Reads by the unique index on the stream."""
        row = await self._one("SELECT key_id, stream, box FROM data_keys WHERE stream = ?", stream)
        return _wrapped_key(row) if row else None

    async def data_keys_of(self, streams: Collection[str]) -> Sequence[WrappedKey]:
        """Streams travel as one JSON array, so that their number has no bound of SQLite's."""
        rows = await self._all(
            "SELECT key_id, stream, box FROM data_keys "
            "WHERE stream IN (SELECT value FROM json_each(?))",
            json.dumps(list(streams)),
        )
        return [_wrapped_key(row) for row in rows]

    async def data_keys(self, key_ids: Collection[str]) -> Sequence[WrappedKey]:
        """As `data_keys_of`."""
        rows = await self._all(
            "SELECT key_id, stream, box FROM data_keys "
            "WHERE key_id IN (SELECT value FROM json_each(?))",
            json.dumps(list(key_ids)),
        )
        return [_wrapped_key(row) for row in rows]

    async def data_key(self, key_id: str) -> WrappedKey | None:
        """Reads by primary key."""
        row = await self._one("SELECT key_id, stream, box FROM data_keys WHERE key_id = ?", key_id)
        return _wrapped_key(row) if row else None

    async def add_secret(self, purpose: str, number: int, box: bytes) -> bytes:
        """Store the box under this purpose and number, durably; return it, or an earlier one."""

        def write(connection: sqlite3.Connection) -> bytes:
            connection.execute(
                "INSERT OR IGNORE INTO secrets VALUES (?, ?, ?, NULL)", (purpose, number, box)
            )
            return bytes(
                connection.execute(
                    "SELECT box FROM secrets WHERE purpose = ? AND number = ?", (purpose, number)
                ).fetchone()[0]
            )

        kept: bytes = await self._commits.submit(write)
        return kept

    async def secrets(self, purpose: str) -> dict[int, bytes]:
        """Return the boxes for this purpose that are not retired, by number."""
        rows = await self._all(
            "SELECT number, box FROM secrets WHERE purpose = ? AND retired_at IS NULL", purpose
        )
        return {int(row[0]): bytes(row[1]) for row in rows}

    async def tenant(self, name: str, candidate: str, region: Region | None = None) -> Tenant:
        """Looked up and written in one transaction."""

        def write(connection: sqlite3.Connection) -> Tenant:
            connection.execute(
                "INSERT OR IGNORE INTO tenants (id, name) VALUES (?, ?)", (candidate, name)
            )
            if region is not None:
                connection.execute("UPDATE tenants SET region = ? WHERE name = ?", (region, name))
            row = connection.execute(
                "SELECT id, region FROM tenants WHERE name = ?", (name,)
            ).fetchone()
            if row is None:
                raise sqlite3.IntegrityError("the id is another tenant's")
            return Tenant(id=str(row[0]), region=row[1])

        tenant: Tenant = await self._commits.submit(write)
        return tenant

    async def add_api_key(self, key: ApiKey) -> None:
        """Durable when this returns.

        Raises:
            StoreError: The prefix or id is another key's, or there is no such tenant.
        """

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key.prefix,
                    key.id,
                    key.hash,
                    key.tenant,
                    key.name,
                    ",".join(key.scopes),
                    key.created_at,
                    key.revoked_at,
                    key.region,
                ),
            )

        await self._commits.submit(write)

    async def api_key(self, prefix: str) -> ApiKey | None:
        """Reads by primary key."""
        row = await self._one(f"{_SELECT_API_KEYS} WHERE prefix = ?", prefix)
        return _api_key(row) if row else None

    async def api_keys(self, tenant: str | None, *, after: str, limit: int) -> list[ApiKey]:
        """Reads by the unique index on ids, which begin with the time."""
        rows = await self._all(
            f"{_SELECT_API_KEYS} WHERE (?1 IS NULL OR tenant = ?1) "
            "AND (?2 = '' OR api_keys.id < ?2) ORDER BY api_keys.id DESC LIMIT ?3",
            tenant,
            after,
            limit,
        )
        return [_api_key(row) for row in rows]

    async def revocable(self, key: str, tenant: str | None) -> ApiKey | None:
        """Reads by the unique indexes on prefix and id, then the keys of its tenant."""
        row = await self._one(
            f"{_SELECT_API_KEYS} WHERE (prefix = ?1 OR api_keys.id = ?1) "
            "AND (?2 IS NULL OR tenant = ?2)",
            key,
            tenant,
        )
        if row is None:
            return None
        found = _api_key(row)
        if found.revoked_at is None:
            tenants = await self._all(f"{_SELECT_API_KEYS} WHERE tenant = ?", found.tenant)
            refuse_last(found, map(_api_key, tenants))
        return found

    async def revoke_api_key(self, key_id: str, at: str) -> ApiKey | None:
        """Looked for and written in one transaction."""

        def write(connection: sqlite3.Connection) -> ApiKey | None:
            connection.execute(
                "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (at, key_id),
            )
            row = connection.execute(
                f"{_SELECT_API_KEYS} WHERE api_keys.id = ?", (key_id,)
            ).fetchone()
            return _api_key(row) if row else None

        revoked: ApiKey | None = await self._commits.submit(write)
        return revoked

    async def _truncated(self) -> None:
        """Return once the WAL is truncated; a reader in the way is waited for.

        Raises:
            StoreUnavailable: What was deleted may still be found in the WAL; try again.
        """
        for _ in range(TRUNCATIONS_MAX):
            if await self._commits.submit(_truncate):
                return
            await asyncio.sleep(TRUNCATE_AGAIN_MS / 1000)
        raise StoreUnavailable("keys.db: the WAL is being read, it cannot be truncated now")

    def _commit(self, batch: Sequence[Write]) -> Sequence[Any | StenologError]:
        """Runs a batch in one transaction, and truncates the WAL when a write asked for it."""
        outcomes = super()._commit(batch)
        if _truncate not in batch:
            return outcomes
        truncated: bool | StoreError
        try:
            truncated = self._writer.truncate_wal()
        except StoreError as exc:  # fails only those who asked for it
            truncated = exc
        return [
            truncated if write is _truncate else outcome
            for write, outcome in zip(batch, outcomes, strict=True)
        ]


_IS_DESTROYED = "SELECT 1 FROM destroyed WHERE stream = ?"
_SELECT_API_KEYS = (
    "SELECT prefix, api_keys.id, hash, tenant, tenants.name, api_keys.name, scopes, created_at, "
    "revoked_at, api_keys.region, tenants.region FROM api_keys JOIN tenants ON tenants.id = tenant"
)


def _truncate(connection: sqlite3.Connection) -> None:
    """Writes nothing: a mark in a batch that the WAL is to be truncated behind it."""


def _wrapped_key(row: sqlite3.Row) -> WrappedKey:
    return WrappedKey(key_id=str(row[0]), stream=str(row[1]), box=bytes(row[2]))


def _api_key(row: sqlite3.Row) -> ApiKey:
    prefix, identifier, digest, tenant, tenant_name, name, scopes, created_at, revoked_at = row[:9]
    return ApiKey(
        prefix=prefix,
        id=identifier,
        hash=bytes(digest),
        tenant=tenant,
        tenant_name=tenant_name,
        name=name,
        scopes=tuple(scope for scope in scopes.split(",") if scope),
        created_at=created_at,
        revoked_at=revoked_at,
        region=row[9],
        tenant_region=row[10],
    )
