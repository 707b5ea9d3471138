"""`stenolog serve` on broken files: one line and status 3, or a warning where all can see it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import last_head, write_head
from tests.bootstrap.test_process import CANNOT_START, nowhere, refused
from tests.gateway_process import GatewayProcess, gateway


@pytest.mark.parametrize("name", ["log.db", "keys.db"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x" * 9_000)
    line = refused(GatewayProcess(tmp_path, nowhere()), CANNOT_START)
    assert name in line
    assert "restore" in line


def test_a_lock_that_is_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    line = refused(GatewayProcess(tmp_path, nowhere()), CANNOT_START)
    assert str(tmp_path / "lock") in line


def test_a_log_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    with gateway(tmp_path, nowhere()):
        pass
    last = last_head(tmp_path / TREE_HEADS)
    assert last is not None
    write_head(tmp_path / TREE_HEADS, replace(last, size=last.size + 7))
    line = refused(GatewayProcess(tmp_path, nowhere()), CANNOT_START)
    assert f"log.db has {last.size} events, tree-heads.log knows of {last.size + 7}" in line
    assert "restore" in line
