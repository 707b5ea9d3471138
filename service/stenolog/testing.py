"""Offer the simulator as fixtures for your own pytest suite; docs/TESTING.md has examples.

Put `pytest_plugins = ["stenolog.testing"]` into your top-level conftest.py. The servers listen on
free loopback ports in threads of their own, so tests may block. Each test gets new ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.threaded import (
    ThreadedAimlapiSimulator,
    ThreadedReceiver,
    ThreadedSimulator,
)

RUN_MS = 20  # how long a job takes unless a test sets `simulator.behave`


@pytest.fixture
def assemblyai_simulator() -> Iterator[ThreadedSimulator]:
    """Serve a simulated AssemblyAI at `base_url`; `simulator.api_key` is its key.

    `simulator.behave` chooses how a job goes, `simulator.jobs` shows what was asked.
    """
    server = ThreadedSimulator(Simulator(behave=lambda body: Behaviour(run_ms=RUN_MS)))
    with server:
        yield server


@pytest.fixture
def aimlapi_simulator() -> Iterator[ThreadedAimlapiSimulator]:
    """Serve a simulated AIMLAPI at `base_url`; `simulator.api_key` is its key.

    An audio URL that ends in `?day=NAME` has a day of `simulator.aimlapi.days`.
    """
    server = ThreadedAimlapiSimulator()
    with server:
        yield server


@pytest.fixture
def webhook_receiver() -> Iterator[ThreadedReceiver]:
    """Serve a webhook's receiving end at `base_url`; `receiver.deliveries` shows what came."""
    server = ThreadedReceiver()
    with server:
        yield server
