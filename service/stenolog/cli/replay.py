"""`stenolog replay`: what was known at a moment as a database, and what today's mapping makes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from stenolog.bootstrap.replaying import Replayed, replay
from stenolog.cli.answers import Answered, Count, Line, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.following import NATIVE, job_body
from stenolog.cli.log_files import opened_records
from stenolog.cli.log_show import time_of
from stenolog.cli.progress import Progress
from stenolog.cli.service_environment import settings_of_service
from stenolog.cli.words import PARTLY, guarded, run, safe, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart

SAME = "today's mapping of the stored answer gives what is shown"
IN_CLEAR = "holds everything in clear, and no erasure reaches it: keep it as you keep recordings"
SHOWN_MAX = 3  # items of each kind, of one view


class Counts(Answered):
    """How many items of a view differ."""

    added: Count
    removed: Count
    changed: Count


class ViewChange(Answered):
    """How one view would change."""

    view: Line
    counts: Counts
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]


class Member(Answered):
    """A member of the transcription that would change."""

    member: Line


class Comparison(Answered):
    """What `/diff` answers."""

    changed: list[Member]
    views: list[ViewChange]


@click.command("replay")
@click.option(
    "--until",
    metavar="T",
    help="Up to this time (2026-11-30T12:00:00Z) or position; default: the end of the log.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all views into this SQLite file, which must not be there yet.",
)
@click.option(
    "--renormalise",
    metavar="ID",
    help="Map the stored answer of this transcription again, without asking a provider, and show "
    "how that differs from what is shown.",
)
@click.option("--json", "as_object", is_flag=True, help="The difference as JSON.")
@with_service
@guarded
def command(
    *,
    until: str | None,
    to: Path | None,
    renormalise: str | None,
    as_object: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Rebuild what was known at a moment as a database, or try today's mapping on one answer.

    `--to FILE` reads the data directory's files, also while a service runs on it, and changes
    nothing there. FILE holds everything in clear. Exit status 5: some could not be read.
    """
    if (to is None) == (renormalise is None):
        raise click.UsageError("name a file with --to, or a transcription with --renormalise")
    if renormalise is not None:
        if until is not None:
            raise click.UsageError("--until goes with --to")
        settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
        body = run(_renormalised(settings, renormalise))
        click.echo(json.dumps(body, indent=1) if as_object else "\n".join(lines_of(body)))
        return
    assert to is not None
    if url is not None or as_object:
        raise click.UsageError("--to reads files: it goes without --url and --json")
    made = _written(settings_of_service(data_dir).settings, to, until)
    click.echo(
        f"{to}: {made.transcriptions} transcriptions, as of position {made.moment.position} "
        f"({made.moment.time})"
    )
    click.echo(f"{to} {IN_CLEAR}", err=True)
    if made.failures:
        click.echo(f"{made.failures} could not be read: see its table `failures`", err=True)
        sys.exit(PARTLY)


def lines_of(body: dict[str, Any]) -> Iterator[str]:
    """Yield what would change, a line for each thing."""
    found = checked(Comparison, body)
    if not (found.changed or found.views):
        yield SAME
        return
    for member in found.changed:
        yield f"{member.member} would change"
    for one in found.views:
        counts = one.counts
        yield (
            f"{one.view}: {counts.added} added, {counts.removed} removed, {counts.changed} changed"
        )
        yield from _items("+", one.added)
        yield from _items("-", one.removed)


def _items(sign: str, items: Sequence[dict[str, Any]]) -> Iterator[str]:
    for item in items[:SHOWN_MAX]:
        yield f"  {sign} {safe(json.dumps(item, ensure_ascii=False))}"


def _written(settings: Settings, to: Path, until: str | None) -> Replayed:
    """Write the file.

    Raises:
        CannotStart: It would be in the data directory, or `replay` says so.
    """
    if to.resolve().is_relative_to(settings.data_dir.resolve()):
        raise CannotStart(f"{to} is in the data directory: name a file elsewhere")
    moment = None if until is None else int(until) if until.isdigit() else time_of(until, "--until")
    progress = Progress()
    try:
        with opened_records(settings) as records:
            return run(
                replay(
                    settings,
                    records,
                    to,
                    until=moment,
                    tell=lambda at, end: progress.show("replaying", f"at {at} of {end}"),
                )
            )
    finally:
        progress.clear()


async def _renormalised(settings: Settings, transcription: str) -> dict[str, Any]:
    async with ServiceClient(settings) as client:
        await job_body(client, transcription)  # says what to do where there is none
        return await client.get(f"{NATIVE}/{quote(transcription, safe='')}/diff")
