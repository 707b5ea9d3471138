"""Run the loop that removes uploads that nobody needs."""

from __future__ import annotations

from stenolog.compliance.left_upload_keys import LeftUploadKeys
from stenolog.compliance.upload_lifetime import UNUSED_MS, UploadLifetime, sweep_once
from stenolog.heartbeat import Heartbeat

SWEEP_MS_MIN, SWEEP_MS_MAX = 1_000, 600_000
SWEEPS_PER_RETENTION = 4


async def keep_swept(
    uploads: UploadLifetime, left: LeftUploadKeys, retention_ms: int | None, heartbeat: Heartbeat
) -> None:
    """Remove what crashes left, and uploads that nobody needs; the heart beats while it rests."""
    await left.clear(heartbeat)
    interval_ms = (retention_ms or UNUSED_MS) // SWEEPS_PER_RETENTION
    wait_ms = min(SWEEP_MS_MAX, max(SWEEP_MS_MIN, interval_ms))
    while True:
        await sweep_once(uploads)
        await heartbeat.rest(SWEEP_MS_MIN if uploads.in_mid_round else wait_ms)
