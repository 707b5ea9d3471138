"""`stenolog log accept-damage` and `mend-nodes`: go on with a damaged log, knowingly."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import click

from stenolog.bootstrap import mending
from stenolog.cli.service_environment import settings_of_service
from stenolog.cli.words import NO, common, guarded, run, safe
from stenolog.log.events.logs import DamageReason


@click.command("accept-damage")
@click.argument(
    "positions", metavar="POSITION...", nargs=-1, required=True, type=click.IntRange(min=1)
)
@click.option(
    "--reason",
    type=click.Choice(get_args(DamageReason)),
    default="unknown",
    show_default=True,
    help="What you take it for.",
)
@common
@guarded
def accept_damage(positions: tuple[int, ...], reason: DamageReason, data_dir: Path | None) -> None:
    """Record that you have seen the damaged record at each POSITION, and go on without it.

    Where one is refused, none is recorded. Tree heads are written again. Nothing is mended: what
    stood there stays unreadable, and `log verify` goes on saying so. No service may run. Restore a
    backup instead if there is one.
    """
    settings = settings_of_service(data_dir).settings
    for done in run(mending.accept_damage(settings, positions, reason)):
        said = "was accepted before" if done.before else "accepted"
        click.echo(f"position {done.position}, {said}: {safe(done.fault)}")


@click.command("mend-nodes")
@common
@guarded
def mend_nodes(data_dir: Path | None) -> None:
    """Write the tree's nodes, from which proofs are made, anew from the records.

    Needed when `log verify` names nodes of the tree. No service may run.
    """
    mended = run(mending.mend_nodes(settings_of_service(data_dir).settings))
    if mended is None:
        click.echo("nothing was written: the records do not lead to the log's own tree")
        sys.exit(NO)
    click.echo(f"all nodes are those of the records; {mended} were written anew now")
