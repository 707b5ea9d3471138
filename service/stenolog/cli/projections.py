"""`stenolog projections`: list and rebuild views, through the running service or on its files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from stenolog.bootstrap.offline import open_projections
from stenolog.cli.answers import ProjectionItem, ProjectionPage, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.layout import table
from stenolog.cli.offline import by_service_or_hand
from stenolog.cli.suggesting import Suggesting
from stenolog.cli.words import guarded, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import EgressFailed

POLL_S = 0.5
REBUILD_S_MAX = 24 * 3_600  # the service goes on without us


@click.group("projections", cls=Suggesting)
def command() -> None:
    """List or rebuild the views."""


@command.command("list")
@with_service
@guarded
def list_command(data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """List every projection: how far it has followed the log, and what it could not process."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    print_projections(run(_list(settings)))


@command.command("rebuild")
@click.argument("name")
@with_service
@guarded
def rebuild(name: str, data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """Build projection NAME, or `all`, anew from the log; views stay in place meanwhile.

    The search index does not: searches are answered again once it is filled.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    print_projections(run(_rebuild(settings, name)))


def print_projections(rows: list[ProjectionItem]) -> None:
    """Print one line for each projection."""
    numbers = ("version", "position", "failures")
    shown = [
        (
            row.name,
            str(row.version or "-"),
            str(row.position),
            str(row.failures),
            "live" if row.rebuilding is None else f"rebuilding, at {row.rebuilding}",
        )
        for row in rows
    ]
    for line in table(("projection", *numbers, "state"), shown, right=numbers):
        click.echo(line)


async def _list(settings: Settings) -> list[ProjectionItem]:
    async def by_hand() -> list[ProjectionItem]:
        async with open_projections(settings) as projections:
            return _items(await projections.statuses())

    return await by_service_or_hand(settings, _projections, by_hand)


async def _rebuild(settings: Settings, name: str) -> list[ProjectionItem]:
    async def ask(client: ServiceClient) -> list[ProjectionItem]:
        await client.post(f"/api/v1/projections/{quote(name, safe='')}/rebuild", {})
        ends = time.monotonic() + REBUILD_S_MAX
        while time.monotonic() < ends:
            rows = await _projections(client)
            if all(row.rebuilding is None for row in rows):
                return rows
            await asyncio.sleep(POLL_S)
        raise EgressFailed("the service still rebuilds; `projections list` says how far", sent=True)

    async def by_hand() -> list[ProjectionItem]:
        async with open_projections(settings) as projections:
            await projections.rebuild(name)
            await projections.catch_up()
            return _items(await projections.statuses())

    return await by_service_or_hand(settings, ask, by_hand)


def _items(statuses: Sequence[Any]) -> list[ProjectionItem]:
    return [checked(ProjectionItem, asdict(status)) for status in statuses]


async def _projections(client: ServiceClient) -> list[ProjectionItem]:
    return checked(ProjectionPage, await client.get("/api/v1/projections")).items
