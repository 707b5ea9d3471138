"""`stenolog backup`: copy log and keys of a data directory, also while a service runs on it."""

from __future__ import annotations

from pathlib import Path

import click

from stenolog.bootstrap.backing_up import back_up
from stenolog.cli.steps import Steps
from stenolog.cli.words import common, guarded, settings_from


@click.command("backup")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--uploads/--no-uploads",
    default=True,
    show_default=True,
    help="Whether uploaded audio is copied too, sealed as it is.",
)
@common
@guarded
def command(directory: Path, uploads: bool, data_dir: Path | None) -> None:
    """Copy the log to DIRECTORY/log and its keys to DIRECTORY/keys; keep the two apart.

    DIRECTORY must not exist, or be empty. The service goes on meanwhile. The master key is in
    neither, and neither are views and pending deliveries.
    """
    settings = settings_from(data_dir=data_dir)
    made = back_up(settings, directory, uploads=uploads, step=Steps())
    said = "no uploads" if made.uploads is None else f"{made.uploads} uploads"
    click.echo(
        f"backup {made.backup}: head {made.head}, root {made.root}, epoch {made.epoch} of log "
        f"{made.log}, {said}"
    )
    click.echo(f"log   {directory / 'log'}")
    click.echo(f"keys  {directory / 'keys'}  (keep it apart from the log, and not for ever)")
