"""A gateway in front of the simulator, and one with the embedded engine, for the official SDK."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.simulator.provider import API_KEY, Simulator
from service.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess, before, gateway


@pytest.fixture(scope="session")
def simulator() -> Iterator[ThreadedSimulator]:
    running = ThreadedSimulator(Simulator())
    with running:
        yield running


@pytest.fixture(scope="session")
def simulated(
    simulator: ThreadedSimulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    settings = before(simulator.base_url, API_KEY)
    with gateway(tmp_path_factory.mktemp("simulated"), settings) as process:
        yield process


@pytest.fixture(scope="session")
def with_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with gateway(tmp_path_factory.mktemp("engine"), {"PROVIDER": "local"}) as process:
        yield process


@pytest.fixture
def dialogue() -> Path:
    """Two people, 28 s; ships in the engine's package."""
    moonshine_voice = pytest.importorskip("moonshine_voice")
    return Path(moonshine_voice.__file__).parent / "assets" / "endgame_nagg_nell.wav"
