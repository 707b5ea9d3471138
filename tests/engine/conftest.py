"""The models and one engine process, each started once for all of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from stenolog.engine.availability import engine_unavailable
from tests.engine.engine_process import EngineProcess, is_running
from tests.engine.servers import Site, site

if TYPE_CHECKING:
    from stenolog.engine.worker.hear import Techniques

# Without the engine's wheels there is nothing to test; the header says so.
UNAVAILABLE = engine_unavailable()
collect_ignore_glob = ["test_*.py"] if UNAVAILABLE else []

# On Linux all of 127/8 is this machine: one address is allowed to the engine, the other is not.
ALLOWED_HOST = "127.0.0.2"
AUDIO_MS_MAX = 120_000
UPLOAD_BYTES_MAX = 12_000_000


def pytest_report_header() -> str:
    return f"engine: {UNAVAILABLE or 'available'}"


@pytest.fixture(scope="session")
def techniques() -> Techniques:
    from stenolog.engine.worker.transcribe import load_techniques  # noqa: PLC0415  # needs the wheels

    return load_techniques(threads=2)


@pytest.fixture(scope="session")
def receiver() -> Iterator[Site]:
    """Where webhooks arrive, on an address that audio may not come from."""
    with site() as opened:
        yield opened


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory, receiver: Site) -> Iterator[EngineProcess]:
    process = EngineProcess(
        tmp_path_factory.mktemp("engine"),
        allow_networks=[f"{ALLOWED_HOST}/32"],
        audio_ms_max=AUDIO_MS_MAX,
        upload_bytes_max=UPLOAD_BYTES_MAX,
        public_origin=receiver.url,
    )
    yield process
    workers = process.workers
    assert process.stop() == 0
    assert not any(is_running(pid) for pid in workers)
    assert not process.scratch.exists()


@pytest.fixture
def files() -> Iterator[Site]:
    """A server that the engine may download from."""
    with site(ALLOWED_HOST) as opened:
        yield opened
