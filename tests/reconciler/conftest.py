"""A simulated provider for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stenolog.simulator.assemblyai.callbacks import DeliveryRules
from stenolog.simulator.assemblyai.provider import Simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """It serves, and its callbacks are tried again after a tenth of a second."""
    made = Simulator(rules=DeliveryRules(spacing_ms=100, timeout_ms=2_000))
    async with made.serve():
        yield made
