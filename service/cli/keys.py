"""`stenolog keys`: API keys, through the running service or, while none runs, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from service.cli.client import ServiceClient
from service.cli.offline import is_stopped, needs_service, open_keys
from service.cli.words import guarded, run, safe, settings_from, with_service
from service.commands.api_keys import (
    DEFAULT_SCOPES,
    DEFAULT_TENANT,
    SCOPES,
    checked_name,
    checked_scopes,
    create_api_key,
)
from service.config import Settings
from service.errors import EgressFailed

KEYS_PER_PAGE = 200


@click.group("keys")
def command() -> None:
    """Make and list API keys."""


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
    asked = checked_scopes(tuple(part.strip() for part in scopes.split(",") if part.strip()))
    checked_name("tenant", tenant)
    checked_name("name", name)
    secret = run(_create(settings, tenant, name, asked))
    click.echo(f"tenant {tenant}, scopes {','.join(asked)}; keep it, it is not shown again:")
    click.echo(secret)


@command.command("list")
@with_service
@guarded
def list_command(data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """Every key's public prefix, tenant, name and scopes."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    for key in run(_list(settings)):
        click.echo(
            f"{key['prefix']}  {safe(key['tenant']):<12} {safe(key['name']):<16} "
            f"{','.join(key['scopes'])}"
        )


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
    return [
        {"prefix": key.prefix, "tenant": key.tenant_name, "name": key.name, "scopes": key.scopes}
        for key in rows
    ]
