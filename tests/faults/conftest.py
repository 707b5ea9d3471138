"""What the fault tests start from."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.small_log import SmallLog, build


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    """A small log that nobody changes."""
    return asyncio.run(build(tmp_path_factory.mktemp("pristine")))


@pytest.fixture
def small(pristine: SmallLog, tmp_path: Path) -> SmallLog:
    """A copy of it, to be damaged."""
    return pristine.copied(tmp_path / "data")
