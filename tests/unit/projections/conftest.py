"""Views for every test of projections that asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stenolog.stores.sqlite.views.store import SqliteViews
from tests.unit.projections.keys import MemoryKeys


@pytest.fixture
async def views(tmp_path: Path) -> AsyncIterator[SqliteViews]:
    opened = await SqliteViews.open(tmp_path / "views.db", MemoryKeys())
    yield opened
    await opened.close()
