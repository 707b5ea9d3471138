"""`stenolog delete`: erase transcriptions, with the keys of their content."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote

import click

from stenolog.cli.client import ServiceClient
from stenolog.cli.following import NATIVE
from stenolog.cli.words import NO, guarded, one_line, program, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import NotFound

IDS_MAX = 1_000


@click.command("delete")
@click.argument("transcriptions", metavar="ID...", nargs=-1, required=True)
@click.option("--yes", "-y", is_flag=True, help="Do not ask first.")
@with_service
@guarded
def command(
    transcriptions: tuple[str, ...],
    yes: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Erase transcriptions for good: text, audio, and the jobs at the provider.

    What happened stays in the log, without content. On a terminal you are asked first. The key
    needs the scope compliance:erase.
    """
    if len(transcriptions) > IDS_MAX:
        raise click.UsageError(f"at most {IDS_MAX:,} at once")
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    if not yes and sys.stdin.isatty():
        what = transcriptions[0] if len(transcriptions) == 1 else f"{len(transcriptions)} of them"
        click.confirm(f"Delete {one_line(what)} for good?", abort=True, err=True)
    unknown = run(_delete(settings, transcriptions))
    if unknown:
        click.echo(
            f"stenolog: no transcription has the id {one_line(', '.join(unknown))}: "
            f"`{program()} list` shows those there are",
            err=True,
        )
        sys.exit(NO)


async def _delete(settings: Settings, transcriptions: tuple[str, ...]) -> list[str]:
    """Delete all that there are; return the ids that nobody has."""
    unknown: list[str] = []
    async with ServiceClient(settings) as client:
        for one in transcriptions:
            try:
                await client.delete(f"{NATIVE}/{quote(one, safe='')}")
            except NotFound:
                unknown.append(one)
            else:
                click.echo(f"{one_line(one)} deleted")
    return unknown
