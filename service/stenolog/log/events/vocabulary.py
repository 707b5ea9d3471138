"""Declare the words that events of several families use."""

from __future__ import annotations

from typing import Literal

ProviderName = Literal["assemblyai", "aimlapi", "local"]
Region = Literal["us", "eu"]
Surface = Literal["v2", "v1-stt", "v1-audio", "native"]
Scope = Literal[
    "all",
    "transcripts:write",
    "transcripts:read",
    "events:read",
    "compliance:read",
    "compliance:erase",
    "keys:write",
    "ops:read",
]
WakeReason = Literal["callback", "poll", "silence", "start", "command"]
