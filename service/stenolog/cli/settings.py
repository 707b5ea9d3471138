"""`stenolog config`: show the settings as the service would read them."""

from __future__ import annotations

from pathlib import Path

import click

from stenolog.cli.layout import table as lines_of
from stenolog.cli.suggesting import Suggesting
from stenolog.cli.words import common, guarded, settings_from
from stenolog.config.shown import as_json, settings_table, shown


@click.group("config", cls=Suggesting)
def command() -> None:
    """Show the settings."""


@command.command("show")
@click.option("--json", "as_object", is_flag=True, help="As a JSON object.")
@common
@guarded
def show(as_object: bool, data_dir: Path | None) -> None:
    """Show every setting and its value; secrets are masked."""
    settings = settings_from(data_dir=data_dir)
    if as_object:
        click.echo(as_json(settings))
        return
    for line in lines_of(("setting", "value"), list(shown(settings))):
        click.echo(line)


@command.command("table")
@common
@guarded
def table(data_dir: Path | None) -> None:
    """Print the settings, their defaults and what they are for, in Markdown."""
    del data_dir  # accepted by every command
    click.echo(settings_table(), nl=False)
