"""The engine is started with what it needs, and with nothing of ours."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from stenolog.bootstrap.engine_child import EngineChild
from stenolog.bootstrap.engine_counts import engine_counts
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.engine.availability import engine_unavailable
from stenolog.telemetry import Metrics

DEADLINE_S = 20.0


@pytest.mark.skipif(engine_unavailable() is not None, reason="no engine on this platform")
async def test_the_engine_has_none_of_our_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STENOLOG_MASTER_KEY", "00" * 32)
    settings = {
        "allow_networks": [],
        "upload_bytes_max": 1_000,
        "audio_ms_max": 1_000,
        "workers": 1,
        "public_origin": "http://127.0.0.1:1",
    }
    child, started = EngineChild(settings, tmp_path), asyncio.Event()
    child.on_start = started.set
    running = asyncio.create_task(child.run())
    try:
        async with asyncio.timeout(DEADLINE_S):
            await started.wait()
        environment = await asyncio.to_thread(Path(f"/proc/{child.pid}/environ").read_bytes)
        egress = Egress(AddressPolicy.of(networks=["127.0.0.1/32"]))
        counts = await engine_counts(egress, child.address)
        assert counts is not None
        assert counts["jobs"] == {"open": 0, "waiting": 0}
        assert counts["workers"] == {"all": 1, "busy": 0}
        metrics = Metrics()
        metrics.machine.engine(counts)
        assert metrics.figures()['stenolog_engine_work{of="workers",state="all"}'] == 1
        metrics.machine.engine(await engine_counts(egress, None))
        assert metrics.figures()["stenolog_engine_up"] == 0
        assert not [name for name in metrics.figures() if name.startswith("stenolog_engine_work")]
        await egress.aclose()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert b"PATH=" in environment
    assert b"STENOLOG_" not in environment
