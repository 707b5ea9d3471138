"""`stenolog`: one group of commands, each in a module that is loaded when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import click

from stenolog.cli.answer_output import OutputFailed, ReaderGone, answer_to_stdout, drop_output
from stenolog.cli.suggesting import Suggesting
from stenolog.cli.version import version
from stenolog.cli.words import NO_OUTPUT, NO_READER, WRONG_USAGE
from stenolog.lossy_output import replace_output

# Name: module and what the help says; a command's libraries are not loaded for another's sake.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "serve": ("serve", "Run the gateway."),
    "transcribe": ("transcribe", "Transcribe files or URLs through a running gateway."),
    "list": ("listing", "List transcriptions, the newest first."),
    "show": ("show", "Show a transcription, and what was said."),
    "explain": ("explain", "Tell what happened to a transcription, step by step."),
    "search": ("search", "Find what was said, in all transcriptions."),
    "export": ("export", "Write a whole transcript as subtitles, text, a table or JSON."),
    "report": ("report", "Write a page that shows a transcript to people."),
    "events": ("events", "Print events as consumers are told of them."),
    "consume": ("consume", "Run a command for each event that a consumer is told of."),
    "listen": ("listen", "Forward events to a program on this machine, signed."),
    "delete": ("delete", "Erase transcriptions for good."),
    "erase": ("erase", "Erase one, or all of a subject, and say what became of it."),
    "holds": ("holds", "Place, list or release legal holds."),
    "accesses": ("accesses", "Show who has read what was said."),
    "retention": ("retention", "Show what is due by its age, and retention classes."),
    "prove": ("prove", "Write a proof of all events of a transcription, for anyone."),
    "heads": ("heads", "Keep signed tree heads elsewhere."),
    "log": ("log", "Show or verify the event log, or go on with a damaged one."),
    "replay": ("replay", "Rebuild what was known at a moment, or try today's mapping."),
    "projections": ("projections", "List or rebuild the views."),
    "reconcile": ("reconcile", "Compare running jobs with what their providers list, now."),
    "backup": ("backup", "Copy log and keys, also while the gateway runs."),
    "restore": ("restore", "Make a data directory of a backup."),
    "keys": ("keys", "Make, list, rotate and revoke API keys."),
    "providers": ("providers", "Show who can transcribe, and what each can be asked for."),
    "config": ("settings", "Show the settings."),
    "doctor": ("doctor", "Check what a gateway needs, and say what to do."),
    "simulate": ("simulate", "Simulate AssemblyAI or AIMLAPI, with bad days, for your own tests."),
    "demo": ("demo", "Transcribe real speech through a gateway of its own."),
}


class Commands(Suggesting):
    """Finds commands by name, each in a module of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Lists them in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Loads the command's module; in a group's help no description is cut off."""
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        command = importlib.import_module(f"stenolog.cli.{found[0]}").command
        assert isinstance(command, click.Command)
        for below in command.commands.values() if isinstance(command, click.Group) else ():
            below.short_help = below.help
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the table's own words, so that help loads no command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version and end, when it is asked for; git is not asked otherwise."""
    if wanted and not ctx.resilient_parsing:
        click.echo(f"stenolog {version()}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the version and the commit, and exit.",
)
def stenolog() -> None:
    """Stenolog: a self-hosted, event-sourced gateway for speech-to-text.

    Exit status: 0 done; 1 the answer is no; 2 wrong usage or setting; 3 cannot start; 4 the
    service cannot be reached; 5 and 6 are `log verify`'s; 74 the output cannot be written, as on a
    full disk; 75 cannot start now, but may later.
    """


def main() -> None:
    """Run the command on the command line, and exit."""
    replace_output("stderr", patient=True)
    answer_to_stdout()
    try:
        try:
            stenolog(standalone_mode=False)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except click.ClickException as exc:
        exc.show()
        sys.exit(WRONG_USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except ReaderGone:
        drop_output()
        sys.exit(NO_READER)
    except OutputFailed as exc:
        drop_output()
        click.echo(f"stenolog: the output cannot be written: {exc.strerror}", err=True)
        sys.exit(NO_OUTPUT)


if __name__ == "__main__":
    main()
