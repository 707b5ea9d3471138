"""An index in a directory of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stenolog.stores.search.store import SearchIndex


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[SearchIndex]:
    opened = await SearchIndex.open(tmp_path / "search.db")
    try:
        yield opened
    finally:
        await opened.close()
    assert os.listdir(tmp_path) == ["search.db"]
