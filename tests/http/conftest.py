"""A running service for every test over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house.composed import Composed, composed


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path) as running:
        yield running
