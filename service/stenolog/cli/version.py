"""Tell which version and commit this is."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
COMMIT_FILE = "commit.txt"  # setup.py writes it into wheels and source distributions
GIT_S_MAX = 5.0


def version() -> str:
    """Name the version and, where it is known, the commit: `0.1.0 (commit 1a2b3c4d5e6f)`."""
    commit = built_commit(PACKAGE) or checked_out_commit(PACKAGE.parents[1])
    return metadata.version("stenolog") + (f" (commit {commit})" if commit else "")


def built_commit(package: Path) -> str | None:
    """Read the commit that the build wrote into the package; None in a checkout."""
    try:
        return (package / COMMIT_FILE).read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def checked_out_commit(checkout: Path) -> str | None:
    """Ask git for the commit of a checkout of ours; `-dirty` when files differ from it.

    None without git, and for a folder that is no checkout: an installation in a virtual
    environment inside somebody's repository must not name that repository's commit.
    """
    if not (checkout / ".git").exists():
        return None
    # The clone may be root's and we another user, as in docs/DEPLOY.md; git takes it since 2.38.
    words = ["git", "-c", f"safe.directory={checkout.resolve()}", "-C", str(checkout), "describe"]
    words += ["--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=GIT_S_MAX)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
