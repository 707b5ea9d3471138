"""`.ci/run` starts from a clone, and nothing that lies on the machine helps it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = """
test:
	@env
	@ls -A
	@echo 3 passed
	@exit $$(cat status)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository whose `make test` shows what it is given, with an environment lying in it."""
    folder = tmp_path / "checkout"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci")
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "status").write_text("0")
    commit(folder, "init")
    (folder / ".venv").mkdir()
    (folder / "lies-here").touch()
    return folder


def commit(folder: Path, *before: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (before, ("add", "-A"), (*who, "commit", "-q", "-m", "a")):
        if words:
            subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def ci(checkout: Path, **more: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [checkout / ".ci" / "run"],
        cwd=checkout.parent,
        env=os.environ | more,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_a_run_sees_what_is_committed_and_no_setting_that_helps(checkout: Path) -> None:
    index, certificate = "https://index.example/simple", "/a.pem"
    helping = {
        "PIP_FIND_LINKS": "/wheels",
        "PIP_EXTRA_INDEX_URL": "https://more.example",
        "PIP_CONSTRAINT": "/constraints.txt",
        "PYTHONPATH": "/somewhere",
        "VIRTUAL_ENV": "/venv",
        "STENOLOG_PORT": "1",
    }
    status, said = ci(checkout, **helping, PIP_INDEX_URL=index, PIP_CERT=certificate)
    assert status == 0
    assert not {line.partition("=")[0] for line in said} & set(helping)
    assert {f"PIP_INDEX_URL={index}", f"PIP_CERT={certificate}"} <= set(said)
    assert {"Makefile", "status"} <= set(said)
    assert not {".venv", "lies-here"} & set(said)
    assert said[-1] == "3 passed"


def test_of_pips_settings_in_a_file_those_stay_that_reach_the_index(
    checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "pip.conf").write_text("[global]\ncert = /b.pem\nfind-links = /wheels\n")
    kept = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_CERT": "", "PIP_FIND_LINKS": ""}
    status, said = ci(checkout, **kept)
    assert status == 0
    assert "PIP_CERT=/b.pem" in said
    assert f"PIP_CONFIG_FILE={os.devnull}" in said
    assert not [line for line in said if line.startswith("PIP_FIND_LINKS")]


def test_a_run_fails_as_its_tests_do(checkout: Path) -> None:
    (checkout / "status").write_text("1")
    commit(checkout)
    assert ci(checkout)[0] != 0


def test_a_run_leaves_nothing_behind(checkout: Path, tmp_path: Path) -> None:
    places = tmp_path / "places"
    places.mkdir()
    assert ci(checkout, TMPDIR=str(places))[0] == 0
    assert list(places.iterdir()) == []
