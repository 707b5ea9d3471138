"""The shell completes commands, and a mistyped command is answered with the nearest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from stenolog.cli.main import COMMANDS, stenolog

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("stenolog")


def completed(shell: str, line: str) -> list[str]:
    words = line.split(" ")
    done = subprocess.run(
        [PROGRAM],
        env={
            **os.environ,
            "_STENOLOG_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return re.split(r"[\n,\t]", done.stdout)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_completes_a_command_and_an_option(shell: str) -> None:
    assert "projections" in completed(shell, "stenolog pro")
    assert "--data-dir" in completed(shell, "stenolog serve --da")
    assert not set(COMMANDS) & set(completed(shell, "stenolog serve --da"))


@pytest.mark.parametrize("typed", ["stenolog sreve --da", "stenolog key "])
def test_after_a_mistyped_command_completion_says_nothing_else(typed: str) -> None:
    done = subprocess.run(
        [PROGRAM],
        env={
            **os.environ,
            "_STENOLOG_COMPLETE": "bash_complete",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(typed.count(" ")),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_documented_line_gives_a_script(shell: str) -> None:
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("no bash here: its completion asks it for its version")
    assert (
        f"_STENOLOG_COMPLETE={shell}_source stenolog" in (ROOT / "docs" / "INSTALL.md").read_text()
    )
    done = subprocess.run(
        [PROGRAM],
        env={**os.environ, "_STENOLOG_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{shell}_complete" in done.stdout


@pytest.mark.parametrize(("typed", "meant"), [("sreve", "serve"), ("key", "keys")])
def test_a_mistyped_command_is_answered_with_the_nearest(typed: str, meant: str) -> None:
    done = CliRunner().invoke(stenolog, [typed])
    assert done.exit_code == 2
    assert f"Did you mean '{meant}'?" in done.output


def test_a_command_like_no_other_is_refused_alone() -> None:
    done = CliRunner().invoke(stenolog, ["xyzzy"])
    assert done.exit_code == 2
    assert "No such command 'xyzzy'" in done.output
    assert "Did you mean" not in done.output
