"""What `--help` says fits on its lines, and is true."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from stenolog.cli.main import stenolog
from stenolog.commands.api_keys import DEFAULT_SCOPES


def contexts(
    command: click.Command, parent: click.Context | None = None
) -> Iterator[click.Context]:
    """A context of the command and of all below it."""
    context = click.Context(command, info_name=command.name, parent=parent, terminal_width=80)
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from contexts(below, context)


@pytest.mark.parametrize("context", contexts(stenolog), ids=lambda context: context.command_path)
def test_nothing_is_cut_off(context: click.Context) -> None:
    shown = re.sub(r"[A-Z]+\]?\.\.\.", "", context.get_help())  # what may be given several times
    assert "..." not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_no_word_is_broken() -> None:
    command = stenolog.get_command(click.Context(stenolog), "keys")
    assert isinstance(command, click.Group)
    create = command.get_command(click.Context(command), "create")
    assert create is not None
    for width in (60, 78, 100):
        words = create.get_help(click.Context(create, terminal_width=width)).split()
        for scope in DEFAULT_SCOPES:  # of those there are, and by default
            assert [word.strip(",.;") for word in words].count(scope) == 2


def test_a_group_is_described_alike_in_the_table_and_by_itself() -> None:
    context = click.Context(stenolog)
    for name in stenolog.list_commands(context):
        command = stenolog.get_command(context, name)
        if isinstance(command, click.Group):
            assert (command.help or "") in stenolog.get_help(context)


def test_a_demo_keeps_its_data_apart() -> None:
    command = stenolog.get_command(click.Context(stenolog), "demo")
    assert command is not None
    [data_dir] = [one for one in command.params if one.name == "data_dir"]
    assert isinstance(data_dir, click.Option)
    assert "temporary" in (data_dir.help or "")
