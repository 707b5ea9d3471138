"""Declare the words that events of several families use."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ProviderName = Literal["assemblyai", "aimlapi", "local"]
Region = Literal["us", "eu"]


class Fallback(BaseModel):
    """A provider that is asked where another has no job, and its region; null: it has none."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    provider: ProviderName
    region: Region | None


Surface = Literal["v2", "v1-stt", "v1-audio", "native"]
Scope = Literal[
    "all",
    "transcripts:write",
    "transcripts:read",
    "events:read",
    "compliance:read",
    "compliance:erase",
    "compliance:hold",
    "endpoints:write",
    "keys:write",
    "ops:read",
]
WakeReason = Literal["callback", "poll", "silence", "start", "command"]
