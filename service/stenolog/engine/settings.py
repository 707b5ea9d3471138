"""Read the engine's settings: one JSON object from the process that starts it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stenolog.errors import CannotStart
from stenolog.wrong_values import said_of

UPLOAD_BYTES_MAX = 2_200_000_000  # AssemblyAI's own limit for an upload
DOWNLOAD_BYTES_MAX = 8 << 30  # a night's batch of calls: 140 hours of MP3 at 128 kbit/s
UPLOADS_BYTES_MAX = 16 << 30  # seven of the largest; others are sent again later
AUDIO_MS_MAX = 4 * 3_600_000  # four hours: 0.9 GB as samples, of the 4 GB that a worker has
WORKERS_MAX = 16


class EngineSettings(BaseModel):
    """Settings of one engine process.

    Attributes:
        api_key: What callers show in `authorization`; new at every start.
        host: The address to bind, a loopback one; `port` 0 chooses a free one.
        scratch_dir: A folder of the engine's own for uploads and downloads; emptied at start.
        allow_networks: CIDRs that downloads and webhooks may reach although private.
        upload_bytes_max: The largest upload or download.
        download_bytes_max: All downloads together, while they wait for a worker.
        uploads_bytes_max: All uploads together, until their jobs are done.
        audio_ms_max: The longest audio after decoding.
        job_seconds_max: How long one job may take; None means as long as the audio lasts, and at
            least five minutes.
        workers: Jobs transcribed at the same time; the cores are shared among them.
        log_level: The least level of a log line; `log_format` is as for the gateway.
        model_dir: A directory with a recogniser (`model_directory`); None: that of the wheel.
        public_origin: A URL whose origin webhooks may always reach: that of the gateway.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api_key: str = Field(min_length=16, max_length=512, repr=False)
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65_535)
    scratch_dir: Path
    allow_networks: tuple[str, ...] = ()
    upload_bytes_max: int = Field(default=UPLOAD_BYTES_MAX, ge=1)
    download_bytes_max: int = Field(default=DOWNLOAD_BYTES_MAX, ge=1)
    uploads_bytes_max: int = Field(default=UPLOADS_BYTES_MAX, ge=1)
    audio_ms_max: int = Field(default=AUDIO_MS_MAX, ge=1)
    job_seconds_max: int | None = Field(default=None, ge=1)
    workers: int = Field(default=1, ge=1, le=WORKERS_MAX)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] | None = None
    model_dir: Path | None = None
    public_origin: str | None = None

    @property
    def threads(self) -> int:
        """CPU threads of each worker: the cores are divided, and nobody has none."""
        return max(1, len(os.sched_getaffinity(0)) // self.workers)


def parse_settings(line: bytes) -> EngineSettings:
    """Return the settings of a line of JSON.

    Raises:
        CannotStart: A setting is missing, wrong or unknown; the message names it, never its value.
    """
    try:
        return EngineSettings.model_validate_json(line)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "the settings"
        raise CannotStart(f"engine: {name}: {said_of(first)}") from None
