"""Declare the settings of the embedded engine."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from stenolog.config.values import Milliseconds

WORKERS_MAX = 16  # as many as the engine takes


class EngineSettings(BaseModel):
    """How much the embedded engine takes on."""

    engine_audio_ms_max: Milliseconds = Field(
        14_400_000, description="Longest audio that the embedded engine takes; 4 hours."
    )
    engine_model: Path | None = Field(
        None,
        description="Directory of another recogniser for the embedded engine, with its manifest "
        "(docs/ENGINE.md); empty: the one in the moonshine-voice wheel.",
    )
    engine_workers: int = Field(
        1,
        ge=1,
        le=WORKERS_MAX,
        description="Worker processes of the embedded engine; cores are shared.",
    )
