"""The engine is started with what it needs, and with nothing of ours."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from stenolog.bootstrap.engine_child import EngineChild
from stenolog.engine.availability import engine_unavailable

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
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert b"PATH=" in environment
    assert b"STENOLOG_" not in environment
