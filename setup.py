"""Writes the commit into what is built, and leaves no build/ in the clone.

Everything else about the package is in pyproject.toml.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build import build
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
PACKAGE = Path("service", "stenolog")
COMMIT_FILE = "commit.txt"  # read by stenolog.cli.version


def commit() -> str:
    """Name the commit: as the builder says, else git, else the source distribution; else ""."""
    said = os.environ.get("BUILD_COMMIT", "")
    if not said and (HERE / ".git").exists():
        # The clone may be another user's than the builder's.
        words = ["git", "-c", f"safe.directory={HERE.resolve()}", "describe"]
        words += ["--always", "--dirty", "--abbrev=12", "--exclude=*"]
        try:
            said = subprocess.run(words, cwd=HERE, capture_output=True, text=True).stdout
        except OSError:
            said = ""
    written = HERE / PACKAGE / COMMIT_FILE
    if not said and written.is_file():
        said = written.read_text()
    return said.strip()


class Build(build):
    """Builds in a temporary folder."""

    def initialize_options(self):
        super().initialize_options()
        self.build_base = tempfile.mkdtemp(prefix="stenolog-build-")
        atexit.register(shutil.rmtree, self.build_base, ignore_errors=True)


class BuildPackage(build_py):
    """Builds the package, and writes the commit into a copy; an editable one asks git."""

    def run(self):
        super().run()
        if not self.editable_mode:
            Path(self.build_lib, "stenolog", COMMIT_FILE).write_text(commit() + "\n")


class SourceDistribution(sdist):
    """Packs the sources, with the commit among them."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        Path(base_dir, PACKAGE, COMMIT_FILE).write_text(commit() + "\n")


setup(cmdclass={"build": Build, "build_py": BuildPackage, "sdist": SourceDistribution})
