"""`stenolog list`: the transcriptions of a service, the newest first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from stenolog.cli.answers import Job, JobPage, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.following import NATIVE
from stenolog.cli.layout import minute, table, wrapped
from stenolog.cli.words import clock, guarded, program, run, settings_from, with_service
from stenolog.config.settings import Settings

SHOWN = 20
LIMIT_MAX = 10_000
PAGE = 200
STATUSES = ("queued", "processing", "completed", "error")


@click.command("list")
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    default=SHOWN,
    help=f"The newest N; default {SHOWN}.",
)
@click.option("--status", type=click.Choice(STATUSES), help="Of this status alone.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
@with_service
@guarded
def command(
    limit: int,
    status: str | None,
    as_lines: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """List transcriptions, the newest first; times are UTC."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    found, more = run(_found(settings, limit, status))
    if as_lines:
        for body in found:
            click.echo(json.dumps(body))
    elif found:
        print_jobs([checked(Job, body) for body in found])
    else:
        click.echo(f"none yet; `{program()} transcribe FILE` makes one", err=True)
    if more:
        click.echo(f"there are more: see --limit (at most {LIMIT_MAX:,})", err=True)


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


async def _found(
    settings: Settings, limit: int, status: str | None
) -> tuple[list[dict[str, Any]], bool]:
    """Return at most `limit` of them, and whether there are more."""
    found: list[dict[str, Any]] = []
    asked = "" if status is None else f"&status={status}"
    after = ""
    async with ServiceClient(settings) as client:
        while True:
            some = min(PAGE, limit - len(found))
            body = await client.get(f"{NATIVE}?limit={some}{asked}{after}")
            page = checked(JobPage, body)
            found += body["items"][:some]
            if page.next is None or len(found) >= limit or not page.items:
                return found, page.next is not None
            after = f"&after={quote(page.next, safe='')}"
