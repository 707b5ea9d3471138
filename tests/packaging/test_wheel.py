"""A built wheel works in an empty folder, with and without the engine, and says what it is."""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from stenolog.engine.availability import not_installed, platform_has_wheels

ROOT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE")
COMMIT = "0123456789ab"
ENGINE = ("moonshine_voice", "av", "onnxruntime")
pytestmark = pytest.mark.xdist_group("wheel")


def run(*words: str | Path, folder: Path, **more: str) -> str:
    """Run a program in a folder, with no setting of ours and no path of Python's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "STENOLOG_"))}
    done = subprocess.run(
        words, cwd=folder, env=kept | more, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone has of the package."""
    folder = tmp_path_factory.mktemp("clone")
    for name in SOURCES:
        shutil.copy(ROOT / name, folder)
    without = shutil.ignore_patterns("__pycache__", "*.egg-info", "commit.txt")
    shutil.copytree(ROOT / "service", folder / "service", ignore=without)
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "-q", "--no-build-isolation", "--no-deps", "-w", str(folder), "."]
    run(sys.executable, "-m", "pip", *words, folder=clone, BUILD_COMMIT=COMMIT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and, by links, what it needs, but no engine."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=True)
    (libraries,) = folder.glob("lib/python*/site-packages")
    for entry in Path(site.getsitepackages()[0]).iterdir():
        if not entry.name.startswith((*ENGINE, "stenolog", "__editable__")):
            (libraries / entry.name).symlink_to(entry)
    words = ["install", "-q", "--no-deps", "--no-index", str(wheel)]
    run(sys.executable, "-m", "pip", "--python", str(folder), *words, folder=folder)
    return folder / "bin"


def test_the_wheel_holds_one_package_and_leaves_nothing_built_in_the_clone(
    wheel: Path, clone: Path
) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"stenolog"}
    assert "stenolog/py.typed" in names
    assert {path.name for path in clone.iterdir()} == {*SOURCES, "service"}


def test_the_command_works_in_an_empty_folder_and_names_its_commit(
    bare: Path, tmp_path: Path
) -> None:
    said = run(bare / "stenolog", "--version", folder=tmp_path)
    assert said == f"stenolog 0.1.0 (commit {COMMIT})\n"
    assert said == run(bare / "python", "-m", "stenolog", "--version", folder=tmp_path)
    assert "serve" in run(bare / "stenolog", "--help", folder=tmp_path)
    where = run(bare / "python", "-c", "import stenolog as s; print(s.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(bare.parent)
    assert list(tmp_path.iterdir()) == []


def test_without_the_engine_the_demo_says_how_to_get_it_and_takes_the_simulator(
    bare: Path, tmp_path: Path
) -> None:
    said = run(bare / "stenolog", "demo", "--data-dir", tmp_path / "data", folder=tmp_path)
    assert not_installed("moonshine-voice", has_wheels=platform_has_wheels()) in on_one_line(said)
    assert f"Its data, which stays: {tmp_path / 'data'}\n" in said
    assert "Who said what" in said
    assert re.search(r"^From the callback until readable: [0-9.]+ m?s$", said, re.MULTILINE)


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_build_in_a_clone_names_its_commit_and_whether_files_differ(
    clone: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "clone"
    shutil.copytree(clone, folder)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "a")):
        run("git", *words, folder=folder)
    commit = run("git", "rev-parse", "--short=12", "HEAD", folder=folder).strip()
    (folder / "README.md").write_text("another")
    wheel = ["wheel", "-q", "--no-build-isolation", "--no-deps", "-w", str(tmp_path), "."]
    run(sys.executable, "-m", "pip", *wheel, folder=folder, BUILD_COMMIT="")
    (built,) = tmp_path.glob("*.whl")
    assert zipfile.ZipFile(built).read("stenolog/commit.txt").decode().strip() == f"{commit}-dirty"


def test_a_source_distribution_keeps_the_commit(clone: Path, tmp_path: Path) -> None:
    program = (
        "from setuptools import build_meta as b; import sys; print(b.build_sdist(sys.argv[1]))"
    )
    run(sys.executable, "-c", program, tmp_path, folder=clone, BUILD_COMMIT=COMMIT)
    (packed,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(packed, tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    words = ["wheel", "-q", "--no-build-isolation", "--no-deps", "-w", str(tmp_path), "."]
    run(sys.executable, "-m", "pip", *words, folder=unpacked)
    (built,) = tmp_path.glob("*.whl")
    assert zipfile.ZipFile(built).read("stenolog/commit.txt").decode().strip() == COMMIT


@pytest.mark.soak
@pytest.mark.parametrize("extra", ["", "[engine]"], ids=["service", "engine"])
def test_pip_installs_the_wheel_with_all_that_it_needs(
    wheel: Path, tmp_path: Path, extra: str
) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", f"{wheel}{extra}", folder=tmp_path)
    run(python, "-m", "pip", "check", folder=tmp_path)
    said = run(python, "-m", "stenolog", "demo", folder=tmp_path)
    assert ("simulator stands in" in said) is (not extra)
