"""The example of docs/TESTING.md runs as it stands there, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "TESTING.md"


def test_the_documented_example_passes_in_an_empty_folder(tmp_path: Path) -> None:
    files = re.findall(r"`(\w+\.py)`[^`]*:\n\n```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert [name for name, _ in files] == ["conftest.py", "test_speech.py"]
    for name, text in files:
        (tmp_path / name).write_text(text)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
