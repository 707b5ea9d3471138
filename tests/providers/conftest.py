"""An adapter in front of a simulated provider."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.providers.assemblyai.adapter import AssemblyAI
from stenolog.providers.connection import ServiceAddress
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A provider on a free port."""
    made = Simulator()
    async with made.serve():
        yield made


@pytest.fixture
async def adapter(simulator: Simulator) -> AsyncIterator[AssemblyAI]:
    """The adapter, with the right key."""
    egress = Egress(AddressPolicy.of(origins=[simulator.base_url]))
    address = ServiceAddress(base_url=simulator.base_url, api_key=API_KEY)
    yield AssemblyAI("assemblyai", lambda: address, egress, timeout_ms=2_000)
    await egress.aclose()
