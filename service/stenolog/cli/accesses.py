"""`stenolog accesses`: who has read content, and when."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from stenolog.cli.answers import Answered, Line, Token, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.layout import minute, table
from stenolog.cli.words import guarded, run, settings_from, with_service
from stenolog.config.settings import Settings

ACCESSES = "/api/v1/accesses"
SHOWN = 20
LIMIT_MAX = 10_000  # of a table, which is kept in memory
PAGE = 200
ALL_TOGETHER = "all transcripts"


class Access(Answered):
    """That somebody was shown a view in a minute."""

    transcript_id: Line | None
    view: Line
    actor: Line
    minute: Line


class AccessPage(Answered):
    """Some of them; one without items may still be followed by another."""

    items: list[dict[str, Any]]
    next: Token | None


@click.command("accesses")
@click.option(
    "--transcript-id",
    "--transcript",
    "transcript",
    metavar="ID",
    help="Reads of this transcript alone, erased or not.",
)
@click.option("--subject", help="Reads of this subject's transcripts alone.")
@click.option("--actor", metavar="KEY_ID", help="Reads by this API key alone: its id.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), help=f"The newest N; default {SHOWN}.")
@click.option("--all", "every", is_flag=True, help="Every one; with --json alone.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
@with_service
@guarded
def command(
    *,
    transcript: str | None,
    subject: str | None,
    actor: str | None,
    limit: int | None,
    every: bool,
    as_lines: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Show who has read what was said, the newest first; times are UTC.

    A line is a minute in which a key was shown a view of a transcript, once or more. It needs the
    scope compliance:read.
    """
    if every and (limit is not None or not as_lines):
        raise click.UsageError("--all goes with --json, and without --limit")
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    given = {"transcript_id": transcript, "subject": subject, "actor": actor}
    asked = {name: value for name, value in given.items() if value}
    run(_shown(settings, asked, None if every else limit or SHOWN, as_lines))


async def _shown(
    settings: Settings, asked: dict[str, str], limit: int | None, as_lines: bool
) -> None:
    found: list[Access] = []
    count = 0
    async for body in _reads(settings, asked):
        if count == limit:
            click.echo(f"there are more: see --limit, at most {LIMIT_MAX:,}", err=True)
            break
        count += 1
        if as_lines:
            click.echo(json.dumps(body))
        else:
            found.append(checked(Access, body))
    if found:
        head = ("minute (UTC)", "actor", "transcript", "view")
        for line in table(head, [_row(one) for one in found]):
            click.echo(line)
    elif not count:
        click.echo("no reads are recorded", err=True)


async def _reads(settings: Settings, asked: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
    """Yield all of them, a page at a time."""
    after = dict[str, str]()
    async with ServiceClient(settings) as client:
        while True:
            query = urlencode({"limit": PAGE, **asked, **after})
            page = checked(AccessPage, await client.get(f"{ACCESSES}?{query}"))
            for one in page.items:
                yield one
            if page.next is None:
                return
            after = {"after": page.next}


def _row(one: Access) -> tuple[str, str, str, str]:
    return (minute(one.minute), one.actor, one.transcript_id or ALL_TOGETHER, one.view)
