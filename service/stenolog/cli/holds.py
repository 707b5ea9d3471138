"""`stenolog holds`: place, list and release legal holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import click

from stenolog.cli.answers import Answered, Count, Line, Token, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.layout import minute, table
from stenolog.cli.suggesting import Suggesting
from stenolog.cli.words import guarded, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import RequestError

PATH = "/api/v1/holds"
PAGES_MAX = 1_000
Result = TypeVar("Result")


class HoldItem(Answered):
    """A legal hold."""

    id: Token
    scope: Line
    transcript_id: Token | None
    reason: Line | None
    in_force: bool
    placed_at: Line
    released_at: Line | None
    transcripts: Count | None


class HoldPage(Answered):
    """Some holds, and where the next ones are."""

    items: list[HoldItem]
    next: Token | None


@click.group("holds", cls=Suggesting)
def command() -> None:
    """Place, list or release legal holds."""


@command.command("place")
@click.argument("transcription", metavar="[ID]", required=False)
@click.option("--subject", metavar="S", help="Of all that was or will be requested with it.")
@click.option("--reason", required=True, help="Why; it is kept sealed.")
@with_service
@guarded
def place(
    transcription: str | None,
    subject: str | None,
    reason: str,
    *,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Keep a transcription, or all of a subject, from being erased; the key needs compliance:hold.

    Prints the hold's id.
    """
    if (transcription is None) == (subject is None):
        raise click.UsageError("give an ID or --subject, and not both")
    what = {"subject": subject} if subject is not None else {"transcript_id": transcription}
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)

    async def placed(client: ServiceClient) -> HoldItem:
        return checked(HoldItem, await client.post(PATH, {**what, "reason": reason}))

    click.echo(run(_asked(settings, placed)).id)


@command.command("list")
@click.option("--all", "released_too", is_flag=True, help="Those that were released, too.")
@with_service
@guarded
def list_command(
    released_too: bool, data_dir: Path | None, url: str | None, api_key: str | None
) -> None:
    """List the holds in force, the newest first; times are UTC."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    rows = [
        (
            one.id,
            one.transcript_id or "a subject",
            "-" if one.transcripts is None else str(one.transcripts),
            minute(one.placed_at),
            "in force" if one.in_force else f"released {minute(one.released_at or '')}",
            one.reason or "(its key is lost)",
        )
        for one in run(_asked(settings, _all))
        if one.in_force or released_too
    ]
    head = ("id", "on", "transcripts", "placed (UTC)", "state", "reason")
    for line in table(head, rows, right=("transcripts",)):
        click.echo(line)


@command.command("release")
@click.argument("hold", metavar="ID")
@with_service
@guarded
def release(hold: str, data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """Release a hold; nothing is erased by it."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)

    async def released(client: ServiceClient) -> HoldItem:
        return checked(HoldItem, await client.delete(f"{PATH}/{quote(hold, safe='')}"))

    one = run(_asked(settings, released))
    click.echo(f"{one.id}  released {one.released_at}")


async def _asked(settings: Settings, ask: Callable[[ServiceClient], Awaitable[Result]]) -> Result:
    async with ServiceClient(settings) as client:
        return await ask(client)


async def _all(client: ServiceClient) -> list[HoldItem]:
    found: list[HoldItem] = []
    after = ""
    for _ in range(PAGES_MAX):
        page = checked(HoldPage, await client.get(f"{PATH}?limit=200{after}"))
        found += page.items
        if page.next is None:
            return found
        after = f"&after={quote(page.next, safe='')}"
    raise RequestError(f"the service has more than {PAGES_MAX} pages of holds")
