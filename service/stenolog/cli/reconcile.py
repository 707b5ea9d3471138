"""`stenolog reconcile`: have a service compare its running jobs with what its providers list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_args

import click

from stenolog.cli.answers import Answered, Count, Line, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.layout import table
from stenolog.cli.words import NO, guarded, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.log.events.vocabulary import ProviderName

PATH = "/api/v1/reconciliation"
NUMBERS = ("running", "missing", "pages", "ms")


class ComparedItem(Answered):
    """How a place's jobs compared with its list; numbers are None when it was not compared."""

    provider: Line
    region: Line | None
    compared: Count | None
    missing: Count | None
    pages: Count | None
    took_ms: Count | None
    error: Line | None


class ComparedPage(Answered):
    """Every place that was compared."""

    items: list[ComparedItem]


@click.command("reconcile")
@click.option("--provider", type=click.Choice(get_args(ProviderName)), help="At this one alone.")
@click.option("--since", metavar="TIME", help="Jobs since then alone, as 2026-11-30T08:00:00Z.")
@click.option("--dry-run", is_flag=True, help="Only say how many would be asked for.")
@with_service
@guarded
def command(
    provider: str | None,
    since: str | None,
    dry_run: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Compare every running job with its provider's list, whatever its deadline.

    Jobs that the list does not show as running are asked for one by one, after this command has
    ended. A provider without a list is asked for each of its jobs. Exit 1 when a list could not be
    read.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    asked: dict[str, Any] = {"provider": provider, "since": since, "dry_run": dry_run}
    items = run(_compared(settings, asked))
    shown = [
        (
            one.provider,
            one.region or "-",
            *("-" if n is None else str(n) for n in (one.compared, one.missing, one.pages)),
            "-" if one.took_ms is None else str(one.took_ms),
            one.error or ("dry run: nothing is asked for" if dry_run else "missing are asked for"),
        )
        for one in items
    ]
    for line in table(("provider", "region", *NUMBERS, "said"), shown, right=NUMBERS):
        click.echo(line)
    sys.exit(NO if any(one.error for one in items) else 0)


async def _compared(settings: Settings, asked: dict[str, Any]) -> list[ComparedItem]:
    async with ServiceClient(settings) as client:
        return checked(ComparedPage, await client.post(PATH, asked)).items
