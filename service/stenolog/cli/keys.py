"""`stenolog keys`: manage API keys, through the running service or else on its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import click

from stenolog.bootstrap.capabilities import configured_of
from stenolog.bootstrap.offline import open_keys
from stenolog.cli.answers import KeyItem, KeyPage, MadeKey, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.keys_rotate import revoke, rotate
from stenolog.cli.layout import minute, table, wrapped
from stenolog.cli.offline import by_service_or_hand
from stenolog.cli.suggesting import Suggesting
from stenolog.cli.words import guarded, program, run, settings_from, with_service
from stenolog.commands.api_keys import (
    ALL,
    DEFAULT_SCOPES,
    DEFAULT_TENANT,
    SCOPES,
    ApiKey,
    checked_name,
    checked_scopes,
)
from stenolog.commands.retention import RetentionClasses
from stenolog.commands.routing_defaults import (
    checked_provider,
    checked_providers,
    checked_region,
)
from stenolog.config.settings import Settings
from stenolog.errors import InvalidRequest, RequestError
from stenolog.log.actors import OPERATOR
from stenolog.log.events.vocabulary import ProviderName, Region

KEYS_PER_PAGE = 200
PAGES_MAX = 10_000
REGION = click.Choice(get_args(Region))
PROVIDER = click.Choice(get_args(ProviderName))


@click.group("keys", cls=Suggesting)
def command() -> None:
    """Make, list, rotate and revoke API keys."""


@command.command("create")
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Whose key it is.")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--scopes",
    default=",".join(DEFAULT_SCOPES),
    help=f"Commas between them, of {', '.join(SCOPES)}; `{ALL}`: these and all of later versions. "
    f"Default: {', '.join(DEFAULT_SCOPES)}.",
)
@click.option("--region", type=REGION, help="Where its audio goes when a request names no region.")
@click.option("--tenant-region", type=REGION, help="The same, for all keys of its tenant.")
@click.option("--provider", type=PROVIDER, help="Who transcribes when a request names nobody.")
@click.option(
    "--tenant-providers",
    metavar="NAMES",
    help="The same, for all keys of its tenant; commas between them, and each is asked where the "
    "one before has no job and takes none.",
)
@click.option("--retention", metavar="CLASS", help="How long it is kept when a request names none.")
@click.option("--tenant-retention", metavar="CLASS", help="The same, for all keys of its tenant.")
@with_service
@guarded
def create(
    tenant: str,
    name: str,
    scopes: str,
    *,
    region: Region | None,
    tenant_region: Region | None,
    provider: ProviderName | None,
    tenant_providers: str | None,
    retention: str | None,
    tenant_retention: str | None,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Make a key; it is shown this once, alone on the last line."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    try:
        wanted: dict[str, Any] = {
            "tenant": checked_name("tenant", tenant),
            "name": checked_name("name", name),
            "scopes": checked_scopes(tuple(_parts(scopes))),
        }
    except InvalidRequest as exc:
        raise click.UsageError(str(exc)) from exc
    routing = {
        "region": region,
        "tenant_region": tenant_region,
        "provider": provider,
        "tenant_providers": _parts(tenant_providers or "") or None,
        "retention": retention,
        "tenant_retention": tenant_retention,
    }
    wanted |= {name: given for name, given in routing.items() if given is not None}
    secret = run(_create(settings, wanted))
    told = [f"tenant {tenant}", f"scopes {','.join(wanted['scopes'])}"]
    told += [
        f"{name.replace('_', ' ')} {_said(wanted[name])}" for name in routing if name in wanted
    ]
    click.echo(f"{', '.join(told)}; keep it, it is not shown again:")
    click.echo(secret)


@command.command("list")
@with_service
@guarded
def list_command(data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """List every key, the newest first: when it was made and revoked, its id, and what it may do.

    Times are UTC.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    keys = run(_list(settings))
    if keys:
        print_keys(keys)
    else:
        click.echo(f"none yet; `{program()} keys create` makes one", err=True)


def print_keys(keys: Sequence[KeyItem]) -> None:
    """Print a line for each key, and below it its id, scopes, regions and providers."""
    rows = [
        (
            key.prefix,
            key.tenant,
            minute(key.created_at or ""),
            f"revoked {minute(key.revoked_at)}" if key.revoked_at else "in use",
            key.name,
        )
        for key in keys
    ]
    first, *lines = table(("prefix", "tenant", "made (UTC)", "state", "name"), rows)
    click.echo(first)
    for line, key in zip(lines, keys, strict=True):
        click.echo(line)
        routing = (
            ("region", key.region),
            ("tenant region", key.tenant_region),
            ("provider", key.provider),
            ("tenant providers", ",".join(key.tenant_providers)),
            ("retention", key.retention),
            ("tenant retention", key.tenant_retention),
        )
        below = [
            f"id {key.id}" if key.id else "",
            f"scopes {', '.join(key.scopes)}",
            ", ".join(f"{what} {where}" for what, where in routing if where),
        ]
        for text in filter(None, below):
            click.echo(wrapped(text, "  ", 9))


command.add_command(rotate)
command.add_command(revoke)


async def _create(settings: Settings, wanted: dict[str, Any]) -> str:
    async def ask(client: ServiceClient) -> str:
        return checked(MadeKey, await client.post("/api/v1/keys", wanted)).key

    async def by_hand() -> str:
        for field in ("region", "tenant_region"):
            checked_region(field, wanted.get(field), settings.offered_regions)
        offered = configured_of(settings)
        checked_provider("provider", wanted.get("provider"), offered)
        checked_providers("tenant_providers", wanted.get("tenant_providers", ()), offered)
        kept = RetentionClasses(days=settings.retention_classes or {})
        for field in ("retention", "tenant_retention"):
            if field in wanted:
                kept.checked(field, wanted[field])
        async with open_keys(settings) as (_, ring):
            secret, _ = await ring.create(actor=OPERATOR, **wanted)
            return secret

    return await by_service_or_hand(settings, ask, by_hand)


async def _list(settings: Settings) -> list[KeyItem]:
    async def ask(client: ServiceClient) -> list[KeyItem]:
        found: list[KeyItem] = []
        after = ""
        for _ in range(PAGES_MAX):
            body = await client.get(f"/api/v1/keys?limit={KEYS_PER_PAGE}{after}")
            page = checked(KeyPage, body)
            found += page.items
            if page.next is None:
                return found
            after = f"&after={quote(page.next, safe='')}"
        raise RequestError(f"the service has more than {PAGES_MAX} pages of keys")

    async def by_hand() -> list[KeyItem]:
        rows: list[ApiKey] = []
        async with open_keys(settings) as (keys, _):
            while some := await keys.api_keys(
                None, after=rows[-1].id if rows else "", limit=KEYS_PER_PAGE
            ):
                rows += some
        return [_shown(key) for key in rows]

    return await by_service_or_hand(settings, ask, by_hand)


def _said(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _shown(key: ApiKey) -> KeyItem:
    lists = {"scopes": list(key.scopes), "tenant_providers": list(key.tenant_providers)}
    return checked(KeyItem, {**asdict(key), "tenant": key.tenant_name, **lists})
