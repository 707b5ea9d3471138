"""`stenolog config`: show the settings as the service would read them."""

from __future__ import annotations

from pathlib import Path

import click

from stenolog.cli.layout import table as lines_of
from stenolog.cli.service_environment import OfService, settings_of_service
from stenolog.cli.suggesting import Suggesting
from stenolog.cli.words import common, given_env_file, guarded
from stenolog.config.shown import as_json, settings_table, shown


@click.group("config", cls=Suggesting)
def command() -> None:
    """Show the settings."""


@command.command("show")
@click.option("--json", "as_object", is_flag=True, help="As a JSON object.")
@common
@guarded
def show(as_object: bool, data_dir: Path | None) -> None:
    """Show every setting and its value; secrets are masked.

    Beside a running service they are its own, as far as they can be read.
    """
    service = settings_of_service(data_dir)
    settings = service.settings
    if service.runs:
        click.echo(_whose(service), err=True)
    if as_object:
        click.echo(as_json(settings))
        return
    for line in lines_of(("setting", "value"), list(shown(settings))):
        click.echo(line)


def _whose(service: OfService) -> str:
    running = f"service that runs on {service.settings.data_dir}"
    if service.known and given_env_file() is None:
        return f"the settings of the {running}:"
    return f"the settings of this command; those of the {running} may be others:"


@command.command("table")
@common
@guarded
def table(data_dir: Path | None) -> None:
    """Print the settings, their defaults and what they are for, in Markdown."""
    del data_dir  # accepted by every command
    click.echo(settings_table(), nl=False)
