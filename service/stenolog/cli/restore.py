"""`stenolog restore`: make a data directory of a backup."""

from __future__ import annotations

from pathlib import Path

import click

from stenolog.bootstrap.restoring import Restored, Sources, restore
from stenolog.cli.steps import Steps
from stenolog.cli.words import common, guarded, run, settings_from

PATH = click.Path(path_type=Path)
UNRECORDED_TOLD_MAX = 10


@click.command("restore")
@click.argument("backup", type=PATH)
@click.option("--keys", type=PATH, help="Where its keys are. Default: BACKUP/keys.")
@click.option(
    "--newer-log",
    type=PATH,
    help="A later log.db, or the directory of one, that says what was erased since; it may be "
    "damaged. That of the data directory is read in any case.",
)
@click.option("--deletions", type=PATH, help="A list of what was erased since: see OPERATING.md.")
@click.option("--replace", is_flag=True, help="Move aside what is in the data directory.")
@click.option("--accept-clock", is_flag=True, help="The machine's clock is right.")
@common
@guarded
def command(
    backup: Path,
    keys: Path | None,
    newer_log: Path | None,
    deletions: Path | None,
    replace: bool,
    accept_clock: bool,
    data_dir: Path | None,
) -> None:
    """Restore the data directory from BACKUP, without what was erased or revoked since.

    No service may run on it. Views are made again at the next start. What was erased since must be
    known: from the log that is replaced, from --newer-log, or from --deletions; without, nothing is
    changed, and status 3 says why.
    """
    settings = settings_from(data_dir=data_dir)
    sources = Sources(
        log=backup / "log",
        keys=keys or backup / "keys",
        newer_log=newer_log,
        deletions=deletions,
        replace=replace,
        accept_clock=accept_clock,
    )
    done = run(restore(settings, sources, Steps()))
    click.echo("\n".join(told(done, settings.data_dir)))


def told(done: Restored, directory: Path) -> list[str]:
    """Return what was restored, in lines."""
    recorded = done.recorded
    lines = [f"restored {directory} from backup {done.backup.backup} of {done.backup.time}"]
    if not done.epoch:
        lines.append("  a restore that was interrupted is finished")
    else:
        lost = "not known how many" if done.events_lost is None else str(done.events_lost)
        lines += [
            f"  head       {done.backup.head}; events lost behind it: {lost}",
            f"  epoch      {done.epoch}",
            f"  erased     {recorded.erased} transcriptions, revoked {recorded.revoked} API keys, "
            f"released {recorded.released} uploads",
        ]
    if recorded.unrecorded:
        lines.append(
            f"  damaged    {len(recorded.unrecorded)} of those to be deleted have damaged records: "
            "their keys are destroyed, the log cannot say so, and their jobs at the provider are "
            f"yours to look for: {', '.join(recorded.unrecorded[:UNRECORDED_TOLD_MAX])}"
        )
    if done.backup.uploads is None:
        lines.append("  uploads    not in this backup")
    if done.aside is not None:
        lines.append(f"  moved to   {done.aside}: remove it once nothing of it is needed")
    lines.append("Next: `stenolog log verify`, then start the service")
    return lines
