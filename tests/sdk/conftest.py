"""A gateway in front of the simulator, and one with the embedded engine, for the official SDK."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import API_KEY, Simulator
from stenolog.simulator.threaded import ThreadedSimulator
from tests.gateway_process import GatewayProcess, before, gateway

OPENING_S = 5
FAILED = "Audio duration is too short."


def behave(params: Mapping[str, object]) -> Behaviour:
    """By the name of the audio: `fails`, `never`; everything else goes well."""
    url = str(params["audio_url"])
    failing = FAILED if "/fails" in url else None
    return Behaviour(error=failing, never_ends="/never" in url)


@pytest.fixture(scope="session")
def simulator() -> Iterator[ThreadedSimulator]:
    running = ThreadedSimulator(Simulator(behave=behave))
    with running:
        yield running


@pytest.fixture(scope="session")
def simulated(
    simulator: ThreadedSimulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    settings = before(simulator.base_url, API_KEY, ALLOW_NETWORKS="127.0.0.0/8")
    with gateway(tmp_path_factory.mktemp("simulated"), settings) as process:
        yield process


@pytest.fixture(scope="session")
def with_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    settings = {"PROVIDER": "local", "ALLOW_NETWORKS": "127.0.0.0/8"}  # a test's own web server
    with gateway(tmp_path_factory.mktemp("engine"), settings) as process:
        yield process


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that only the simulator takes for speech."""
    file = tmp_path_factory.mktemp("recording") / "call.mp3"
    file.write_bytes(bytes(range(256)) * 1_000)
    return file


@pytest.fixture(scope="session")
def dialogue() -> Path:
    """Two people, 28 s; ships in the engine's package."""
    moonshine_voice = pytest.importorskip("moonshine_voice")
    return Path(moonshine_voice.__file__).parent / "assets" / "endgame_nagg_nell.wav"


@pytest.fixture(scope="session")
def opening(dialogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of it: as good a proof of a program, in a fraction of the time."""
    file = tmp_path_factory.mktemp("opening") / "opening.wav"
    with wave.open(str(dialogue)) as whole, wave.open(str(file), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(OPENING_S * whole.getframerate()))
    return file
