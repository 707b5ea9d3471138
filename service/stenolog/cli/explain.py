"""`stenolog explain`: what happened to a transcription, step by step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from stenolog.cli.answers import Answered, Line, checked
from stenolog.cli.cells import wrap
from stenolog.cli.client import ServiceClient
from stenolog.cli.following import job_body
from stenolog.cli.words import COLUMNS, guarded, run, settings_from, with_service
from stenolog.config.settings import Settings

TIME_COLUMNS, AFTER_COLUMNS, ACTOR_COLUMNS = 12, 9, 12
GAP = "  "
TEXT_AT = TIME_COLUMNS + AFTER_COLUMNS + ACTOR_COLUMNS + 3 * len(GAP)
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


class StoryStep(Answered):
    """One thing that happened; `after_ms` since what led to it."""

    time: Line
    said: Line
    actor: Line
    actor_name: Line | None = None
    after_ms: int | None = None


@click.command("explain")
@click.argument("transcription", metavar="ID")
@click.option("--json", "as_list", is_flag=True, help="The steps as a JSON list.")
@with_service
@guarded
def command(
    transcription: str,
    as_list: bool,
    data_dir: Path | None,
    url: str | None,
    api_key: str | None,
) -> None:
    """Tell what happened to a transcription: when, by whom, and how long each step took.

    A duration is counted from the step that led to the one beside it. Nothing that was said is
    shown, so that the output can be given to support.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    items = run(_steps(settings, transcription))
    if as_list:
        click.echo(json.dumps(items, indent=1))
        return
    for line in lines_of([checked(StoryStep, item) for item in items]):
        click.echo(line)


def lines_of(steps: Sequence[StoryStep]) -> Iterator[str]:
    """Yield lines of at most 80 columns; a line of its own for each day."""
    day = ""
    for one in steps:
        if one.time[:10] != day:
            day = one.time[:10]
            yield f"{day} (UTC)"
        after = "" if one.after_ms is None else f"+{_took(one.after_ms)}"
        actor = (one.actor_name or one.actor)[:ACTOR_COLUMNS]
        begin = GAP.join(
            (
                one.time[11:23],
                after.rjust(AFTER_COLUMNS),
                actor.ljust(ACTOR_COLUMNS),
                "",
            )
        )
        yield from wrap(one.said, width=COLUMNS - 1, first=begin, indent=TEXT_AT)


async def _steps(settings: Settings, transcription: str) -> list[dict[str, object]]:
    async with ServiceClient(settings) as client:
        await job_body(client, transcription)  # says what to do where there is none
        return await client.whole(transcription, "story")


def _took(ms: int) -> str:
    """Return a duration in at most eight columns: `850 ms`, `12.3 s`, `5 min`, `3 h`, `2 days`."""
    if ms < 1_000:
        return f"{ms} ms"
    if ms < MINUTE_MS:
        return f"{ms / 1_000:.1f} s"
    if ms < HOUR_MS:
        return f"{ms // MINUTE_MS} min"
    return f"{ms // HOUR_MS} h" if ms < DAY_MS else f"{ms // DAY_MS} days"
