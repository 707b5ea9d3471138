"""Keep tenants and API keys in `keys.db`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import cast

from stenolog.commands.api_keys import ApiKey, Tenant, refuse_last
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.stores.sqlite.file.written_file import WrittenFile
from stenolog.stores.sqlite.keys.schema import KEYS


class SqliteApiKeys(WrittenFile):
    """Keeps the promises of `ApiKeys`."""

    schema = KEYS

    async def tenant(
        self,
        name: str,
        candidate: str,
        region: Region | None = None,
        providers: Sequence[ProviderName] = (),
        retention: str | None = None,
    ) -> Tenant:
        """Looked up and written in one transaction."""

        def write(connection: sqlite3.Connection) -> Tenant:
            connection.execute(
                "INSERT OR IGNORE INTO tenants (id, name) VALUES (?, ?)", (candidate, name)
            )
            if region is not None:
                connection.execute("UPDATE tenants SET region = ? WHERE name = ?", (region, name))
            if providers:
                connection.execute(
                    "UPDATE tenants SET providers = ? WHERE name = ?", (",".join(providers), name)
                )
            if retention is not None:
                connection.execute(
                    "UPDATE tenants SET retention = ? WHERE name = ?", (retention, name)
                )
            row = connection.execute(
                "SELECT id, region, providers, retention FROM tenants WHERE name = ?", (name,)
            ).fetchone()
            if row is None:
                raise sqlite3.IntegrityError("the id is another tenant's")
            return Tenant(
                id=str(row[0]), region=row[1], providers=_listed(row[2]), retention=row[3]
            )

        tenant: Tenant = await self._commits.submit(write)
        return tenant

    async def add_api_key(self, key: ApiKey) -> None:
        """Durable when this returns.

        Raises:
            StoreError: The prefix or id is another key's, or there is no such tenant.
        """

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                    key.provider,
                    key.retention,
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

    async def found(self, key: str, tenant: str | None) -> ApiKey | None:
        """Reads by the unique indexes on prefix and id."""
        row = await self._one(
            f"{_SELECT_API_KEYS} WHERE (prefix = ?1 OR api_keys.id = ?1) "
            "AND (?2 IS NULL OR tenant = ?2)",
            key,
            tenant,
        )
        return None if row is None else _api_key(row)

    async def revocable(self, key: str, tenant: str | None) -> ApiKey | None:
        """Looks for the key, then for the others of its tenant."""
        found = await self.found(key, tenant)
        if found is not None and found.revoked_at is None:
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


_SELECT_API_KEYS = (
    "SELECT prefix, api_keys.id, hash, tenant, tenants.name, api_keys.name, scopes, created_at, "
    "revoked_at, api_keys.region, tenants.region, provider, providers, "
    "api_keys.retention, tenants.retention "
    "FROM api_keys JOIN tenants ON tenants.id = tenant"
)


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
        provider=row[11],
        tenant_providers=_listed(row[12]),
        retention=row[13],
        tenant_retention=row[14],
    )


def _listed(providers: str) -> tuple[ProviderName, ...]:
    return cast("tuple[ProviderName, ...]", tuple(one for one in providers.split(",") if one))
