"""A step of a make target says what it does, how long it took, and what went wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STEP = ROOT / "infra" / "step.py"
PYTHON = (sys.executable, "-c")


def step(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(STEP), *words], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, re.sub(r"\b\d+ s\b", "N s", done.stdout)


def test_a_step_is_one_line() -> None:
    assert step("do it", *PYTHON, "print('noise')") == (0, "do it ... N s\n")


def test_a_step_that_fails_shows_what_it_printed_and_keeps_its_status() -> None:
    status, said = step("do it", *PYTHON, "print('no', flush=True); raise SystemExit(3)")
    assert (status, said) == (3, "do it ... failed after N s\nno\n")


def test_a_shown_step_passes_on_what_it_prints() -> None:
    said = step("--show", "do it", *PYTHON, "print('dots')")
    assert said == (0, "do it ...\ndots\ndo it: N s\n")


def test_a_long_step_is_never_silent_for_ten_seconds() -> None:
    status, said = step("do it", *PYTHON, "import time; time.sleep(9)")
    assert (status, said) == (0, "do it ...\n  N s so far\ndo it: N s\n")


def test_a_command_that_does_not_exist_is_named() -> None:
    status, said = step("do it", "no-such-command")
    assert (status, said) == (127, "do it ... no-such-command: No such file or directory\n")


@pytest.mark.parametrize("words", [(), ("do it",), ("--show", "do it")])
def test_a_step_without_a_command_is_wrong_usage(words: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, str(STEP), *words], capture_output=True, check=False)
    assert done.returncode == 2
