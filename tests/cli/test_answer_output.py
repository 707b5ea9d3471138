"""What a command says when its answer cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAID = "stenolog: the output cannot be written: No space left on device\n"
PROGRAM = (sys.executable, "-m", "stenolog")


@pytest.mark.parametrize("words", [("--help",), ("config", "table"), ("log", "verify")])
def test_a_full_disk_under_the_answer_is_one_sentence_and_a_status_of_its_own(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """A verdict's own status would be believed by who never saw the verdict."""
    (tmp_path / "log.db").write_bytes(b"no log at all, so it cannot be judged")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "STENOLOG_DATA_DIR": str(tmp_path)},
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr.decode()) == (74, SAID)


def test_a_reader_that_has_gone_is_told_by_the_status_alone() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, "--help"], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
