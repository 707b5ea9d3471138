"""`stenolog --version` names the version and the commit, whatever git is there."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from stenolog.cli.version import built_commit, checked_out_commit

GIT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], env=GIT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("a")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "a")
    return tmp_path


def test_a_checkout_is_named_by_its_commit_and_by_whether_it_was_changed(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "--short=12", "HEAD")
    assert checked_out_commit(checkout) == commit
    (checkout / "file").write_text("b")
    assert checked_out_commit(checkout) == f"{commit}-dirty"


def test_a_tag_does_not_hide_the_commit(checkout: Path) -> None:
    git(checkout, "tag", "v1")
    assert checked_out_commit(checkout) == git(checkout, "rev-parse", "--short=12", "HEAD")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_checkout_of_another_user_is_named_too(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "--short=12", "HEAD")
    for path in (checkout, checkout / ".git"):
        os.chown(path, 12_345, 12_345)
    refused = subprocess.run(
        ["git", "-C", str(checkout), "status"], env=GIT, capture_output=True, text=True, check=False
    )
    assert "dubious ownership" in refused.stderr
    assert checked_out_commit(checkout) == commit


def test_a_folder_inside_somebody_elses_repository_has_no_commit(checkout: Path) -> None:
    (checkout / "inside").mkdir()
    assert checked_out_commit(checkout / "inside") is None


def test_what_the_build_wrote_is_read(tmp_path: Path) -> None:
    assert built_commit(tmp_path) is None
    (tmp_path / "commit.txt").write_text("\n")
    assert built_commit(tmp_path) is None
    (tmp_path / "commit.txt").write_text("1a2b3c4d5e6f\n")
    assert built_commit(tmp_path) == "1a2b3c4d5e6f"


def test_without_git_the_version_is_shown_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stenolog", "--version"],
        env={"PATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"stenolog {metadata.version('stenolog')}\n"
