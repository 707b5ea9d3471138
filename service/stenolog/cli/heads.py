"""`stenolog heads`: keep signed tree heads where the holder of the log cannot change them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import click

from stenolog.cli.client import ServiceClient
from stenolog.cli.kept_heads import KeptHeads, sealed_head
from stenolog.cli.words import guarded, one_line, run, settings_from, with_service
from stenolog.config.settings import BadSetting, Settings
from stenolog.errors import EgressFailed, RequestError

COMMAND_SECONDS_MAX = 60
SECONDS_MIN, SECONDS_MAX = 1, 7 * 86_400
AGAIN = (EgressFailed, RequestError)  # the service is away for a while, or busy


@click.group("heads")
def command() -> None:
    """Keep signed tree heads elsewhere."""


def _where(work: Callable[..., None]) -> Callable[..., None]:
    work = click.option(
        "--output",
        "-o",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Append to this file, once it is proven that the log continues the last head in it.",
    )(work)
    return click.option(
        "--command",
        "program",
        metavar="PROGRAM",
        help="Run it by the shell with the head on its standard input; it must end with 0.",
    )(work)


@command.command("export")
@_where
@with_service
@guarded
def export(
    output: Path | None,
    program: str | None,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Seal the log, and write its signed tree head: to a file, a command, or standard output."""
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    note = run(_exported(settings, output, program))
    if output is None and program is None:
        click.echo(note, nl=False)


@command.command("watch")
@_where
@click.option(
    "--every",
    "seconds",
    type=click.IntRange(SECONDS_MIN, SECONDS_MAX),
    default=3_600,
    show_default=True,
    help="Seconds between two heads.",
)
@with_service
@guarded
def watch(
    output: Path | None,
    program: str | None,
    seconds: int,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Do so again and again; end with 1 as soon as the log is not the one that it was."""
    if output is None and program is None:
        raise BadSetting("name where heads are kept: --output FILE or --command PROGRAM")
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    run(_watched(settings, output, program, seconds))


async def _watched(
    settings: Settings, output: Path | None, program: str | None, seconds: int
) -> None:
    while True:
        try:
            note = await _exported(settings, output, program)
            click.echo(f"kept: {note.splitlines()[1]} events")
        except AGAIN as exc:
            click.echo(f"stenolog: {one_line(str(exc))}; tried again", err=True)
        await asyncio.sleep(seconds)


async def _exported(settings: Settings, output: Path | None, program: str | None) -> str:
    """Return the head that was kept.

    Raises:
        EvidenceError: The log does not continue the head that was kept last, or signs with another
            key.
        RequestError: The service or the command said no.
    """
    async with ServiceClient(settings) as client:
        head, key = await sealed_head(client)
        if output is not None:
            await KeptHeads(output).add(client, head, key)
    if program is not None:
        await asyncio.to_thread(_told, program, head.note)
    return head.note


def _told(program: str, note: str) -> None:
    try:
        done = subprocess.run(  # noqa: S602  the operator's own words, as in a crontab
            program, shell=True, input=note.encode(), timeout=COMMAND_SECONDS_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise RequestError(f"the command did not end: {type(exc).__name__}") from exc
    if done.returncode:
        raise RequestError(f"the command ended with {done.returncode}")
