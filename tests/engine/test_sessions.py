"""The library under the models keeps to itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_it_leaves_nothing_in_the_home_and_says_nothing(tmp_path: Path) -> None:
    """Its telemetry, which would be sent to its makers, begins with files in the home."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", "import stenolog.engine.speech.sessions"],
        env={**environment, "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    assert list(tmp_path.iterdir()) == []
    assert done.stderr == b""
