"""The pins hold with any pip, also on the day after every package has made a new release."""

from __future__ import annotations

import ensurepip
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stenolog.engine.availability import engine_unavailable
from tests.packaging.pins import FILES, NEWER, ROOT, Index, pinned, wanted

PIPS = ("22.3", "")  # of Python 3.11.0, and the newest


pytestmark = pytest.mark.xdist_group("requirements")


def installed(file: str) -> object:
    """The file, skipped where what it pins is not installed and cannot say what it needs."""
    reason = engine_unavailable() if "engine" in FILES[file] else None
    return pytest.param(file, marks=pytest.mark.skipif(reason is not None, reason=f"{reason}"))


@pytest.mark.parametrize("file", map(installed, FILES))
def test_a_file_pins_all_that_is_needed_with_the_extras_that_are_asked_for(file: str) -> None:
    pins = pinned(file)
    asked = wanted(FILES[file])
    assert set(pins) >= set(asked)
    lacking = {
        name: extras - pins[name].extras
        for name, extras in asked.items()
        if not extras <= pins[name].extras
    }
    assert lacking == {}


@pytest.mark.parametrize("file", FILES)
def test_every_pin_is_of_one_version_and_has_hashes(file: str) -> None:
    for name, one in pinned(file).items():
        assert [part.operator for part in one.specifier] == ["=="], name
    text = re.sub(r"\\\n\s+", "", (ROOT / file).read_text())
    assert all("--hash=sha256:" in line for line in text.splitlines() if line)
    assert "://" not in text


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    made = Index(simple=tmp_path_factory.mktemp("index") / "simple")
    for file in FILES:
        for one in pinned(file).values():
            made.offer(one)
    return made


@pytest.fixture(scope="module")
def stock_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pip that comes with this Python."""
    found = sorted(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
    if not found:
        pytest.skip("this Python comes without a pip of its own")
    return unpacked(found[0], tmp_path_factory.mktemp("pip"))


def unpacked(wheel: Path, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder / "pip"


def install(pip: Path, index: Index, lines: list[Requirement], to: Path) -> tuple[str, str]:
    """Resolve by hashes from the index alone; the report of what would be installed, and errors.

    Every chosen wheel is fetched and its hash compared: only the copying is left out.
    """
    listed = to / "requirements.txt"
    listed.write_text(index.requirements(lines))
    words = ["install", "--require-hashes", "--dry-run", "--ignore-installed", "--report", "-"]
    words += ["-qq", "--isolated", "--disable-pip-version-check", "--no-cache-dir"]
    words += ["--index-url", index.simple.as_uri(), "-r", str(listed)]
    done = subprocess.run(
        [sys.executable, str(pip), *words],
        env={"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull},
        cwd=to,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr if done.returncode else ""


def check(pip: Path, index: Index, file: str, to: Path) -> None:
    pins = pinned(file)
    report, errors = install(pip, index, list(pins.values()), to)
    assert errors == ""
    chosen = {
        canonicalize_name(one["metadata"]["name"]): one["metadata"]["version"]
        for one in json.loads(report)["install"]
    }
    assert set(chosen) == set(pins)
    assert NEWER not in chosen.values()


@pytest.mark.parametrize("file", FILES)
def test_the_stock_pip_installs_a_file_beside_newer_releases(
    stock_pip: Path, index: Index, file: str, tmp_path: Path
) -> None:
    check(stock_pip, index, file, tmp_path)


def test_the_stock_pip_refuses_a_file_without_its_extras(
    stock_pip: Path, index: Index, tmp_path: Path
) -> None:
    """The index finds the fault for which it was made."""
    lines = list(pinned("requirements-dev.txt").values())
    assert any(one.extras for one in lines)
    for one in lines:
        one.extras = set()
    _, errors = install(stock_pip, index, lines, tmp_path)
    assert "--require-hashes" in errors


@pytest.mark.soak
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("version", PIPS, ids=["oldest", "newest"])
def test_the_oldest_and_the_newest_pip_install_a_file_beside_newer_releases(
    version: str, index: Index, file: str, tmp_path: Path
) -> None:
    words = ["download", "-q", "--no-deps", "--dest", str(tmp_path)]
    words += [f"pip=={version}" if version else "pip"]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    (found,) = tmp_path.glob("pip-*.whl")
    number = Version(found.name.split("-")[1])
    assert number == Version(version) if version else number > Version("24")
    check(unpacked(found, tmp_path / "unpacked"), index, file, tmp_path)
