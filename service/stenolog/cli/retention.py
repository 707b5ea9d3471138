"""`stenolog retention`: what is due to be erased by age, and which classes there are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import click

from stenolog.cli.answers import Answered, Count, Line, Token, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.layout import minute, table
from stenolog.cli.suggesting import Suggesting
from stenolog.cli.words import guarded, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import RequestError

PATH = "/api/v1/retention"
PAGES_MAX = 10_000


class ClassItem(Answered):
    """A retention class."""

    name: Line
    days: Count
    default: bool


class ClassPage(Answered):
    """All of them."""

    items: list[ClassItem]


class DueItem(Answered):
    """A transcription whose retention ends."""

    transcript_id: Token
    erase_at: Line
    state: Line


class DuePage(Answered):
    """Some, and where the next ones are."""

    items: list[DueItem]
    next: Token | None


@click.group("retention", cls=Suggesting)
def command() -> None:
    """Show what is due by its age, and retention classes."""


@command.command("due")
@click.option(
    "--until", metavar="TIME", help="Until then, as 2026-12-31T00:00:00Z; else until now."
)
@with_service
@guarded
def due(until: str | None, data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """List what is due, the longest due first; with a time to come it is a dry run.

    Nothing is erased by this command: the service does it by itself, once a minute. What a legal
    hold is on is `held`. The key needs compliance:read. Times are UTC.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    rows = [
        (one.transcript_id, minute(one.erase_at), one.state) for one in run(_due(settings, until))
    ]
    for line in table(("transcript", "due (UTC)", "state"), rows):
        click.echo(line)


@command.command("classes")
@with_service
@guarded
def classes(data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """List the classes that a request can name, and which is the default."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    rows = [
        (one.name, str(one.days), "default" if one.default else "")
        for one in run(_classes(settings))
    ]
    for line in table(("class", "days", ""), rows, right=("days",)):
        click.echo(line)


async def _classes(settings: Settings) -> list[ClassItem]:
    async with ServiceClient(settings) as client:
        return checked(ClassPage, await client.get(PATH)).items


async def _due(settings: Settings, until: str | None) -> list[DueItem]:
    found: list[DueItem] = []
    asked = {"limit": "200"} if until is None else {"limit": "200", "until": until}
    async with ServiceClient(settings) as client:
        for _ in range(PAGES_MAX):
            page = checked(DuePage, await client.get(f"{PATH}/due?{urlencode(asked)}"))
            found += page.items
            if page.next is None:
                return found
            asked["after"] = page.next
    raise RequestError(f"the service has more than {PAGES_MAX} pages of what is due")
