"""`make install` is done when the engine is there, or cannot be; else it is tried again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stenolog.engine.availability import engine_unavailable, platform_has_wheels

ROOT = Path(__file__).parents[2]
# What would be installed is only noted; how the look for the engine ends is as the test says.
PYTHON = """#!/bin/sh
echo "$*" >>calls
case "$*" in *engine_installed*) exit "$(cat status)" ;; esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose environment has another Python."""
    (tmp_path / "infra").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "infra" / "step.py", tmp_path / "infra")
    for name in ("requirements.txt", "requirements-engine.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


def make_install(clone: Path, status: int) -> str:
    (clone / "status").write_text(str(status))
    (clone / "calls").unlink(missing_ok=True)
    done = subprocess.run(
        ["make", "install", f"PYTHON={sys.executable}"],
        cwd=clone,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_without_an_engine_that_could_be_there_the_set_up_is_tried_again(clone: Path) -> None:
    assert "make install tries again" in make_install(clone, 1)
    assert not (clone / ".venv" / ".installed").exists()
    assert "tries again" not in make_install(clone, 0)
    assert "requirements-engine.txt" in (clone / "calls").read_text()
    assert (clone / ".venv" / ".installed").exists()
    make_install(clone, 1)
    assert not (clone / "calls").exists()


def engine_installed(*options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *options, str(ROOT / "infra" / "engine_installed.py")],
        env={"PYTHONPATH": str(ROOT / "service")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.skipif(engine_unavailable() is not None, reason="no engine on this platform")
def test_an_engine_that_is_there_needs_no_word() -> None:
    assert engine_installed() == (0, "")


def test_an_engine_that_is_missing_is_named_and_counts_where_it_has_wheels() -> None:
    """An interpreter without site packages has none."""
    status, said = engine_installed("-S")
    assert said.startswith("no engine: moonshine-voice ")
    assert ".venv/engine.log" in said
    assert status == int(platform_has_wheels())
