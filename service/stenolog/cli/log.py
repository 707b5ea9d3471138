"""`stenolog log`: show and verify the event log, read from its files, also while a service runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from stenolog.bootstrap.identity import CHECK
from stenolog.bootstrap.master_key import known_master_key
from stenolog.bootstrap.offline import master_key_mark
from stenolog.cli.log_files import opened_records
from stenolog.cli.log_mending import accept_damage, mend_nodes
from stenolog.cli.log_show import show
from stenolog.cli.log_verdict import (
    ToldProgress,
    as_object,
    damage_as_object,
    line_of_wrong,
    lines_of,
    lines_of_damage,
    unjudged_as_object,
    wrong_as_object,
)
from stenolog.cli.service_environment import settings_of_service
from stenolog.cli.suggesting import Suggesting
from stenolog.cli.words import NO, PARTLY, UNJUDGED, common, guarded, one_line
from stenolog.compliance.accepted_damage import accepted_times
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.heads_elsewhere import heads_elsewhere
from stenolog.compliance.tree_heads import FILE_NAME, each_head
from stenolog.compliance.verdict import StructureDamaged
from stenolog.compliance.verify import KEY_NOT_HERE, verify
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart, EvidenceError, PayloadDamaged, StoreError

KEY_OF_ANOTHER = "the master key here is not that of this directory"


@click.group("log", cls=Suggesting)
def command() -> None:
    """Show or verify the event log, or go on with a damaged one."""


for below in (show, accept_damage, mend_nodes):
    command.add_command(below)


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="The verdict as a JSON object.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Compare with tree heads that were kept elsewhere: lines of tree-heads.log, or what "
    "/api/v1/log/tree-head answered.",
)
@common
@guarded
def verify_command(as_json: bool, against: Path | None, data_dir: Path | None) -> None:
    """Recompute the whole log, and check the files around it.

    Exit status: 0 all is what it was; 1 something is not, and the last line names the first
    position or the damage; 5 verified in part, as without the master key, of a backup's log
    alone, or where a human has accepted all damage; 6 it cannot be judged, as with a log of a
    newer version.
    """
    settings = settings_of_service(data_dir).settings
    elsewhere = [] if against is None else heads_elsewhere(against)
    progress = ToldProgress()
    try:
        with opened_records(settings) as records:
            master, missing = _master_key(settings)
            accepted: Mapping[int, str] = {}
            with contextlib.suppress(StoreError):  # what it lacks is told as nobody's
                accepted = accepted_times(records)
            verdict = verify(
                records,
                master,
                each_head(settings.data_dir / FILE_NAME),
                elsewhere=elsewhere,
                accepted=accepted,
                master_missing=missing,
                progress=progress,
            )
    except StructureDamaged as exc:
        progress.end()
        click.echo(damage_as_object(exc) if as_json else "\n".join(lines_of_damage(exc)))
        sys.exit(NO)
    except EvidenceError as exc:
        progress.end()
        click.echo((wrong_as_object if as_json else line_of_wrong)(exc))
        sys.exit(NO)
    except StoreError as exc:
        progress.end()
        click.echo(unjudged_as_object(exc) if as_json else f"cannot judge: {one_line(str(exc))}")
        sys.exit(UNJUDGED)
    progress.end()
    click.echo(as_object(verdict) if as_json else "\n".join(lines_of(verdict)))
    sys.exit(0 if verdict.complete else PARTLY)


def _master_key(settings: Settings) -> tuple[MasterKey | None, str]:
    """Return the master key when it is that of this directory, else why it is not used."""
    try:
        master = known_master_key(settings)
    except CannotStart as exc:
        return None, str(exc)
    if master is None:
        return None, KEY_NOT_HERE
    mark = master_key_mark(settings)
    try:
        # Another directory's key opens nothing: that would not be the log's fault.
        if mark is not None:
            master.unwrap(mark, f"{CHECK} 1".encode())
    except PayloadDamaged:
        return None, KEY_OF_ANOTHER
    return master, ""
