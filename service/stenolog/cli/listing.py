"""`stenolog list`: the transcriptions of a service, the newest first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from stenolog.cli.answers import Job, JobPage, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.following import NATIVE
from stenolog.cli.layout import minute, table, wrapped
from stenolog.cli.words import clock, guarded, program, run, settings_from, with_service
from stenolog.config.settings import Settings

SHOWN = 20
LIMIT_MAX = 10_000  # of a table, which is kept in memory
ALL_MAX = 100_000_000
PAGE = 200
EMPTY_PAGES_MAX = 10_000  # in a row, of a service that looks for metadata in two thousand at a time
STATUSES = ("queued", "processing", "completed", "error")


@click.command("list")
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    help=f"The newest N; default {SHOWN}.",
)
@click.option("--all", "every", is_flag=True, help="Every one; with --json alone.")
@click.option("--status", type=click.Choice(STATUSES), help="Of this status alone.")
@click.option("--subject", help="Of this subject alone.")
@click.option("--metadata", metavar="JSON", help='With these members alone: {"team": "sales"}.')
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
@with_service
@guarded
def command(
    *,
    limit: int | None,
    every: bool,
    status: str | None,
    subject: str | None,
    metadata: str | None,
    as_lines: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """List transcriptions, the newest first; times are UTC."""
    if every and (limit is not None or not as_lines):
        raise click.UsageError("--all goes with --json, and without --limit")
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    found: list[dict[str, Any]] = []
    put = _print_line if as_lines else found.append
    given = {"status": status, "subject": subject, "metadata": metadata}
    asked = {name: value for name, value in given.items() if value}
    more = run(_found(settings, ALL_MAX if every else limit or SHOWN, asked, put))
    if found:
        print_jobs([checked(Job, body) for body in found])
    elif asked and not as_lines:
        click.echo("none of these", err=True)
    elif not as_lines:
        click.echo(f"none yet; `{program()} transcribe FILE` makes one", err=True)
    if more:
        click.echo(
            f"there are more: see --limit (at most {LIMIT_MAX:,}), or --all --json", err=True
        )


def print_jobs(jobs: list[Job]) -> None:
    """Print one line for each, and one below it with its subject or error."""
    head = ("id", "status", "submitted (UTC)", "length")
    rows = [
        (
            job.id,
            "deleted" if job.erased else job.status,
            minute(job.created_at or ""),
            "" if job.audio_ms is None else clock(job.audio_ms),
        )
        for job in jobs
    ]
    first, *lines = table(head, rows, right=("length",))
    click.echo(first)
    for line, job in zip(lines, jobs, strict=True):
        click.echo(line)
        for name, text in (("subject", job.subject), ("error", job.error)):
            if text:
                click.echo(wrapped(f"{name} {text}", "  ", 4))


def _print_line(body: dict[str, Any]) -> None:
    click.echo(json.dumps(body))


async def _found(
    settings: Settings, limit: int, asked: dict[str, str], put: Callable[[dict[str, Any]], None]
) -> bool:
    """Hand on at most `limit` of them, a page at a time; return whether there are more."""
    count, empty, after = 0, 0, dict[str, str]()
    async with ServiceClient(settings) as client:
        while True:
            some = min(PAGE, limit - count)
            query = urlencode({"limit": some, **asked, **after})
            body = await client.get(f"{NATIVE}?{query}")
            page = checked(JobPage, body)
            for one in body["items"][:some]:
                put(one)
                count += 1
            empty = 0 if page.items else empty + 1
            if page.next is None or count >= limit or empty > EMPTY_PAGES_MAX:
                return page.next is not None
            after = {"after": page.next}
