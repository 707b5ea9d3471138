"""`stenolog demo` when it goes wrong; when it goes well it is tests/packaging's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_a_failed_demo_says_what_it_did_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stenolog", "demo", "no-such-file.wav"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("This demo starts a gateway of its own")
    assert done.stderr.splitlines()[-1] == "stenolog: no-such-file.wav: No such file or directory"
    assert list(tmp_path.glob("stenolog-demo-*")) == []


def test_a_failed_demo_keeps_a_directory_that_was_given(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stenolog", "demo", "no-such-file.wav", "--data-dir", tmp_path],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert (tmp_path / "log.db").exists()


def test_a_directory_that_cannot_be_made_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "stenolog", "demo", "--data-dir", tmp_path / "file" / "data"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert str(tmp_path / "file" / "data") in line
