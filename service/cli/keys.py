"""`stenolog keys`: API keys, through the running service or, while none runs, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from service.cli.client import ServiceClient
from service.cli.offline import is_stopped, needs_service, open_keys
from service.cli.words import guarded, run, safe, settings_from, with_service
from service.clock import now_us, rfc3339
from service.commands.api_keys import (
    DEFAULT_SCOPES,
    DEFAULT_TENANT,
    SCOPES,
    ApiKey,
    checked_name,
    checked_scopes,
    create_api_key,
)
from service.config import Settings
from service.errors import EgressFailed, InvalidRequest, NotFound

KEYS_PER_PAGE = 200


@click.group("keys")
def command() -> None:
    """Make, list and revoke API keys."""


@command.command("create")
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Whose key it is.")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--scopes",
    default=",".join(DEFAULT_SCOPES),
    help=f"Commas between them; all: {','.join(SCOPES)}. Default: {','.join(DEFAULT_SCOPES)}.",
)
@with_service
@guarded
def create(
    tenant: str,
    name: str,
    scopes: str,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Make a key; it is shown this once, alone on the last line."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    try:
        asked = checked_scopes(tuple(part.strip() for part in scopes.split(",") if part.strip()))
        checked_name("tenant", tenant)
        checked_name("name", name)
    except InvalidRequest as exc:
        raise click.UsageError(str(exc)) from exc
    secret = run(_create(settings, tenant, name, asked))
    click.echo(f"tenant {tenant}, scopes {','.join(asked)}; keep it, it is not shown again:")
    click.echo(secret)


@command.command("list")
@with_service
@guarded
def list_command(data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """Every key's public prefix, tenant, name and scopes, and when it was revoked."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    for key in run(_list(settings)):
        click.echo(
            f"{key['prefix']}  {safe(key['tenant']):<12} {safe(key['name']):<16} "
            f"{','.join(key['scopes'])}"
            + (f"  revoked {key['revoked_at']}" if key["revoked_at"] else "")
        )


# A prefix may begin with a hyphen.
@command.command("revoke", context_settings={"ignore_unknown_options": True})
@click.argument("prefix")
@with_service
@guarded
def revoke(prefix: str, data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """Refuse a key from now on; PREFIX is what `keys list` shows, or the key's id."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    key = run(_revoke(settings, prefix))
    click.echo(f"{key['prefix']}  revoked {key['revoked_at']}")


async def _create(settings: Settings, tenant: str, name: str, scopes: tuple[str, ...]) -> str:
    body = {"tenant": tenant, "name": name, "scopes": list(scopes)}
    try:
        async with ServiceClient(settings) as client:
            return str((await client.post("/api/v1/keys", body))["key"])
    except EgressFailed:
        if not is_stopped(settings):
            raise
    async with open_keys(settings) as keys:
        secret, _ = await create_api_key(keys, tenant=tenant, name=name, scopes=scopes)
        return secret


async def _list(settings: Settings) -> list[dict[str, Any]]:
    try:
        async with ServiceClient(settings) as client:
            found, after = [], ""
            while True:
                page = await client.get(f"/api/v1/keys?limit={KEYS_PER_PAGE}{after}")
                found += page["items"]
                if page["next"] is None:
                    return found
                after = f"&after={page['next']}"
    except EgressFailed:
        if not is_stopped(settings):
            raise needs_service(settings) from None
    async with open_keys(settings) as keys:
        rows, last = [], ""
        while some := await keys.api_keys(None, after=last, limit=KEYS_PER_PAGE):
            rows += some
            last = some[-1].prefix
    return [_shown(key) for key in rows]


async def _revoke(settings: Settings, prefix: str) -> dict[str, Any]:
    try:
        async with ServiceClient(settings) as client:
            revoked: dict[str, Any] = await client.delete(f"/api/v1/keys/{quote(prefix, safe='')}")
            return revoked
    except EgressFailed:
        if not is_stopped(settings):
            raise
    async with open_keys(settings) as keys:
        key = await keys.revoke_api_key(prefix, None, rfc3339(now_us()))
    if key is None:
        raise NotFound(f"there is no API key {prefix}")
    return _shown(key)


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "tenant": key.tenant_name,
        "name": key.name,
        "scopes": key.scopes,
        "revoked_at": key.revoked_at,
    }
